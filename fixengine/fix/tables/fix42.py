"""FIX 4.2: made by `python -m tests.fix_dictionary`, never by hand.

The facts are those of FIX Orchestra (FIX Trading Community, Apache-2.0), of the artifact
io.fixprotocol.orchestrations:fix-standard:1.5.4; `fixengine.fix.dictionary` says how to read the
lines.
"""

TABLE = """
version FIX.4.2
types 0=Heartbeat 1=TestRequest 2=ResendRequest 3=Reject 4=SequenceReset 5=Logout 6=IOI
  7=Advertisement 8=ExecutionReport 9=OrderCancelReject A=Logon B=News C=Email D=OrderSingle
  E=OrderList F=OrderCancelRequest G=OrderCancelReplaceRequest H=OrderStatusRequest J=Allocation
  K=ListCancelRequest L=ListExecute M=ListStatusRequest N=ListStatus P=AllocationInstructionAck
  Q=DontKnowTrade R=QuoteRequest S=Quote T=SettlementInstructions V=MarketDataRequest
  W=MarketDataSnapshotFullRefresh X=MarketDataIncrementalRefresh Y=MarketDataRequestReject
  Z=QuoteCancel a=QuoteStatusRequest b=QuoteAcknowledgement c=SecurityDefinitionRequest
  d=SecurityDefinition e=SecurityStatusRequest f=SecurityStatus g=TradingSessionStatusRequest
  h=TradingSessionStatus i=MassQuote j=BusinessMessageReject k=BidRequest l=BidResponse
  m=ListStrikePrice
tags 1-100 102-219 223 231 262-446 553-554
data 93=89 90=91 95=96 212=213 348=349 350=351 352=353 354=355 356=357 358=359 360=361 362=363
  364=365 445=446
field 1 Account String
field 6 AvgPx Price
field 7 BeginSeqNo int
field 8 BeginString String
field 9 BodyLength int
field 10 CheckSum String
field 11 ClOrdID String
field 12 Commission Amt
field 13 CommType char 1=PerUnit 2=Percent 3=Absolute
field 14 CumQty Qty
field 15 Currency Currency
field 16 EndSeqNo int
field 17 ExecID String
field 18 ExecInst MultipleValueString 0=StayOnOfferSide 1=NotHeld 2=Work 3=GoAlong 4=OverTheDay
  5=Held 6=ParticipateDoNotInitiate 7=StrictScale 8=TryToScale 9=StayOnBidSide A=NoCross
  B=OKToCross C=CallFirst D=PercentOfVolume E=DoNotIncrease F=DoNotReduce G=AllOrNone
  I=InstitutionsOnly L=LastPeg M=MidPricePeg N=NonNegotiable O=OpeningPeg P=MarketPeg R=PrimaryPeg
  S=Suspend T=FixedPegToLocalBestBidOrOfferAtTimeOfOrder U=CustomerDisplayInstruction V=Netting
  W=PegToVWAP
field 19 ExecRefID String
field 20 ExecTransType char 0=New 1=Cancel 2=Correct 3=Status
field 21 HandlInst char 1=AutomatedExecutionNoIntervention 2=AutomatedExecutionInterventionOK
  3=ManualOrder
field 22 IDSource String 1=CUSIP 2=SEDOL 3=QUIK 4=ISINNumber 5=RICCode 6=ISOCurrencyCode
  7=ISOCountryCode 8=ExchangeSymbol 9=ConsolidatedTapeAssociation 100+=Private
field 23 IOIid String
field 29 LastCapacity char 1=Agent 2=CrossAsAgent 3=CrossAsPrincipal 4=Principal
field 30 LastMkt Exchange
field 31 LastPx Price
field 32 LastShares Qty
field 34 MsgSeqNum int
field 35 MsgType String
field 36 NewSeqNo int
field 37 OrderID String
field 38 OrderQty Qty
field 39 OrdStatus char 0=New 1=PartiallyFilled 2=Filled 3=DoneForDay 4=Canceled 5=Replaced
  6=PendingCancel 7=Stopped 8=Rejected 9=Suspended A=PendingNew B=Calculated C=Expired
  D=AcceptedForBidding E=PendingReplace
field 40 OrdType char 1=Market 2=Limit 3=Stop 4=StopLimit 5=MarketOnClose 6=WithOrWithout
  7=LimitOrBetter 8=LimitWithOrWithout 9=OnBasis A=OnClose B=LimitOnClose C=ForexMarket
  D=PreviouslyQuoted E=PreviouslyIndicated F=ForexLimit G=ForexSwap H=ForexPreviouslyQuoted
  I=Funari P=Pegged
field 41 OrigClOrdID String
field 43 PossDupFlag Boolean N=OriginalTransmission Y=PossibleDuplicate
field 44 Price Price
field 45 RefSeqNum int
field 47 Rule80A char A=AgencySingleOrder B=ShortExemptTransactionAType C=ProprietaryNonAlgo
  D=ProgramOrderMember E=ShortExemptTransactionForPrincipal F=ShortExemptTransactionWType
  H=ShortExemptTransactionIType I=IndividualInvestor J=ProprietaryAlgo K=AgencyAlgo
  L=ShortExemptTransactionMemberAffliated M=ProgramOrderOtherMember N=AgentForOtherMember
  O=ProprietaryTransactionAffiliated P=Principal R=TransactionNonMember S=SpecialistTrades
  T=TransactionUnaffiliatedMember U=AgencyIndexArb W=AllOtherOrdersAsAgentForOtherMember
  X=ShortExemptTransactionMemberNotAffliated Y=AgencyNonAlgo Z=ShortExemptTransactionNonMember
field 48 SecurityID String
field 49 SenderCompID String
field 50 SenderSubID String
field 52 SendingTime UTCTimestamp
field 54 Side char 1=Buy 2=Sell 3=BuyMinus 4=SellPlus 5=SellShort 6=SellShortExempt 7=Undisclosed
  8=Cross 9=CrossShort
field 55 Symbol String
field 56 TargetCompID String
field 57 TargetSubID String
field 58 Text String
field 59 TimeInForce char 0=Day 1=GoodTillCancel 2=AtTheOpening 3=ImmediateOrCancel 4=FillOrKill
  5=GoodTillCrossing 6=GoodTillDate
field 60 TransactTime UTCTimestamp
field 63 SettlmntTyp char 0=Regular 1=Cash 2=NextDay 3=TPlus2 4=TPlus3 5=TPlus4 6=Future
  7=WhenAndIfIssued 8=SellersOption 9=TPlus5
field 64 FutSettDate LocalMktDate
field 65 SymbolSfx String
field 66 ListID String
field 75 TradeDate LocalMktDate
field 76 ExecBroker String
field 77 OpenClose char C=Close O=Open
field 78 NoAllocs int
field 79 AllocAccount String
field 80 AllocShares Qty
field 81 ProcessCode char 0=Regular 1=SoftDollar 2=StepIn 3=StepOut 4=SoftDollarStepIn
  5=SoftDollarStepOut 6=PlanSponsor
field 89 Signature data
field 90 SecureDataLen Length
field 91 SecureData data
field 93 SignatureLength Length
field 95 RawDataLength Length
field 96 RawData data
field 97 PossResend Boolean N=OriginalTransmission Y=PossibleResend
field 98 EncryptMethod int 0=None 1=PKCS 2=DES 3=PKCSDES 4=PGPDES 5=PGPDESMD5 6=PEM
field 99 StopPx Price
field 100 ExDestination Exchange
field 102 CxlRejReason int 0=TooLateToCancel 1=UnknownOrder 2=BrokerCredit
  3=OrderAlreadyInPendingStatus
field 103 OrdRejReason int 0=BrokerCredit 1=UnknownSymbol 2=ExchangeClosed 3=OrderExceedsLimit
  4=TooLateToEnter 5=UnknownOrder 6=DuplicateOrder 7=DuplicateOfAVerballyCommunicatedOrder
  8=StaleOrder
field 106 Issuer String
field 107 SecurityDesc String
field 108 HeartBtInt int
field 109 ClientID String
field 110 MinQty Qty
field 111 MaxFloor Qty
field 112 TestReqID String
field 113 ReportToExch Boolean N=SenderReports Y=ReceiverReports
field 114 LocateReqd Boolean N=No Y=Yes
field 115 OnBehalfOfCompID String
field 116 OnBehalfOfSubID String
field 117 QuoteID String
field 119 SettlCurrAmt Amt
field 120 SettlCurrency Currency
field 121 ForexReq Boolean N=DoNotExecuteForexAfterSecurityTrade Y=ExecuteForexAfterSecurityTrade
field 122 OrigSendingTime UTCTimestamp
field 123 GapFillFlag Boolean N=SequenceReset Y=GapFillMessage
field 126 ExpireTime UTCTimestamp
field 128 DeliverToCompID String
field 129 DeliverToSubID String
field 140 PrevClosePx Price
field 141 ResetSeqNumFlag Boolean N=No Y=Yes
field 142 SenderLocationID String
field 143 TargetLocationID String
field 144 OnBehalfOfLocationID String
field 145 DeliverToLocationID String
field 150 ExecType char 0=New 1=PartialFill 2=Fill 3=DoneForDay 4=Canceled 5=Replaced
  6=PendingCancel 7=Stopped 8=Rejected 9=Suspended A=PendingNew B=Calculated C=Expired D=Restated
  E=PendingReplace
field 151 LeavesQty Qty
field 152 CashOrderQty Qty
field 155 SettlCurrFxRate float
field 156 SettlCurrFxRateCalc char
field 167 SecurityType String ?=Wildcard BA=BankersAcceptance CB=ConvertibleBond
  CD=CertificateOfDeposit CMO=CollateralizedMortgageObligation CORP=CorporateBond
  CP=CommercialPaper CPP=CorporatePrivatePlacement CS=CommonStock FHA=FederalHousingAuthority
  FHL=FederalHomeLoan FN=FederalNationalMortgageAssociation FOR=ForeignExchangeContract FUT=Future
  GN=GovernmentNationalMortgageAssociation GOVT=TreasuriesAgencyDebenture IET=IOETTEMortgage
  MF=MutualFund MIO=MortgageInterestOnly MPO=MortgagePrincipalOnly MPP=MortgagePrivatePlacement
  MPT=MiscellaneousPassThrough MUNI=MunicipalBond NONE=NoSecurityType OPT=Option PS=PreferredStock
  RP=RepurchaseAgreement RVRP=ReverseRepurchaseAgreement SL=StudentLoanMarketingAssociation
  TD=TimeDeposit USTB=USTreasuryBillOld WAR=Warrant ZOO=CatsTigersAndLions
field 168 EffectiveTime UTCTimestamp
field 192 OrderQty2 Qty
field 193 FutSettDate2 LocalMktDate
field 194 LastSpotRate Price
field 195 LastForwardPoints PriceOffset
field 198 SecondaryOrderID String
field 200 MaturityMonthYear MonthYear
field 201 PutOrCall int 0=Put 1=Call
field 202 StrikePrice Price
field 203 CoveredOrUncovered int 0=Covered 1=Uncovered
field 204 CustomerOrFirm int 0=Customer 1=Firm
field 205 MaturityDay DayOfMonth
field 206 OptAttribute char
field 207 SecurityExchange Exchange
field 210 MaxShow Qty
field 211 PegDifference PriceOffset
field 212 XmlDataLen Length
field 213 XmlData data
field 223 CouponRate float
field 231 ContractMultiplier float
field 336 TradingSessionID String
field 337 ContraTrader String
field 347 MessageEncoding String EUC-JP=EUCJP ISO-2022-JP=ISO2022JP Shift_JIS=ShiftJIS UTF-8=UTF8
field 348 EncodedIssuerLen Length
field 349 EncodedIssuer data
field 350 EncodedSecurityDescLen Length
field 351 EncodedSecurityDesc data
field 354 EncodedTextLen Length
field 355 EncodedText data
field 369 LastMsgSeqNumProcessed int
field 370 OnBehalfOfSendingTime UTCTimestamp
field 371 RefTagID int
field 372 RefMsgType String
field 373 SessionRejectReason int 0=InvalidTagNumber 1=RequiredTagMissing
  10=SendingTimeAccuracyProblem 11=InvalidMsgType 2=TagNotDefinedForThisMessageType 3=UndefinedTag
  4=TagSpecifiedWithoutAValue 5=ValueIsIncorrect 6=IncorrectDataFormatForValue 7=DecryptionProblem
  8=SignatureProblem 9=CompIDProblem
field 375 ContraBroker String
field 376 ComplianceID String
field 377 SolicitedFlag Boolean N=WasNotSolicited Y=WasSolicited
field 378 ExecRestatementReason int 0=GTCorporateAction 1=GTRenewal 2=VerbalChange
  3=RepricingOfOrder 4=BrokerOption 5=PartialDeclineOfOrderQty
field 379 BusinessRejectRefID String
field 380 BusinessRejectReason int 0=Other 1=UnknownID 2=UnknownSecurity 3=UnsupportedMessageType
  4=ApplicationNotAvailable 5=ConditionallyRequiredFieldMissing
field 381 GrossTradeAmt Amt
field 382 NoContraBrokers int
field 383 MaxMessageSize int
field 384 NoMsgTypes int
field 385 MsgDirection char R=Receive S=Send
field 386 NoTradingSessions int
field 388 DiscretionInst char 0=RelatedToDisplayedPrice 1=RelatedToMarketPrice
  2=RelatedToPrimaryPrice 3=RelatedToLocalPrimaryPrice 4=RelatedToMidpointPrice
  5=RelatedToLastTradePrice
field 389 DiscretionOffset PriceOffset
field 424 DayOrderQty Qty
field 425 DayCumQty Qty
field 426 DayAvgPx Price
field 427 GTBookingInst int 0=BookOutAllTradesOnDayOfExecution 1=AccumulateUntilFilledOrExpired
  2=AccumulateUntilVerballlyNotifiedOtherwise
field 432 ExpireDate LocalMktDate
field 434 CxlRejResponseTo char 1=OrderCancelRequest 2=OrderCancel
field 437 ContraTradeQty Qty
field 438 ContraTradeTime UTCTimestamp
field 439 ClearingFirm String
field 440 ClearingAccount String
field 442 MultiLegReportingType char 1=SingleSecurity 2=IndividualLegOfAMultiLegSecurity
  3=MultiLegSecurity
field 553 Username String
field 554 Password String
header 8! 9! 35! 49! 56! 115 128 90 91 34! 50 142 57 143 116 144 129 145 43 97 52! 122 212 213 347
  369 370
trailer 93 89 10!
message 0 112
message 1 112!
message 2 7! 16!
message 3 45! 371 372 373 58 354 355
message 4 123 36!
message 5 58 354 355
message A 98! 108! 95 96 141 383 384(372 385) 553 554
message D 11! 109 76 1 78(79 80) 63 64 21! 18 110 111 100 386(336) 81 55! 65 48 22 167 200 205 201
  202 206 231 223 207 106 348 349 107 350 351 140 54! 114 60! 38 152 40! 44 99 15 376 377 23 117
  59 168 432 126 427 12 13 47 121 120 58 354 355 193 192 77 203 204 210 211 388 389 439 440
message F 41! 37 11! 66 1 109 76 55! 65 48 22 167 200 205 201 202 206 231 223 207 106 348 349 107
  350 351 54! 60! 38 152 376 377 58 354 355
message G 37 109 76 41! 11! 66 1 78(79 80) 63 64 21! 18 110 111 100 386(336) 55! 65 48 22 167 200
  205 201 202 206 231 223 207 106 348 349 107 350 351 54! 60! 38 152 40! 44 99 211 388 389 376 377
  15 59 168 432 126 427 12 13 47 121 120 58 354 355 193 192 77 203 204 210 114 439 440
message H 37 11! 109 1 76 55! 65 48 22 167 200 205 201 202 206 231 223 207 106 348 349 107 350 351
  54!
message 8 37! 198 11 41 109 76 382(375 337 437 438) 66 17! 20! 19 150! 39! 103 378 1 63 64 55! 65
  48 22 167 200 205 201 202 206 231 223 207 106 348 349 107 350 351 54! 38 152 40 44 99 211 388
  389 15 376 377 59 168 432 126 18 47 32 31 194 195 30 336 29 151! 14! 6! 424 425 426 427 75 60
  113 12 13 381 119 120 155 156 21 110 111 77 210 58 354 355 193 192 439 440 442
message 9 37! 198 11! 41! 39! 109 76 66 1 60 434! 102 58 354 355
message j 45 372! 379 380! 58 354 355
"""
