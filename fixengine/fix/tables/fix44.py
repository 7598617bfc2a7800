"""FIX 4.4: made by `python -m tests.fix_dictionary`, never by hand.

The facts are those of FIX Orchestra (FIX Trading Community, Apache-2.0), of the artifact
io.fixprotocol.orchestrations:fix-standard:1.5.4; `fixengine.fix.dictionary` says how to read the
lines.
"""

TABLE = """
version FIX.4.4
types 0=Heartbeat 1=TestRequest 2=ResendRequest 3=Reject 4=SequenceReset 5=Logout 6=IOI
  7=Advertisement 8=ExecutionReport 9=OrderCancelReject A=Logon B=News C=Email D=NewOrderSingle
  E=NewOrderList F=OrderCancelRequest G=OrderCancelReplaceRequest H=OrderStatusRequest
  J=AllocationInstruction K=ListCancelRequest L=ListExecute M=ListStatusRequest N=ListStatus
  P=AllocationInstructionAck Q=DontKnowTrade R=QuoteRequest S=Quote T=SettlementInstructions
  V=MarketDataRequest W=MarketDataSnapshotFullRefresh X=MarketDataIncrementalRefresh
  Y=MarketDataRequestReject Z=QuoteCancel a=QuoteStatusRequest b=MassQuoteAcknowledgement
  c=SecurityDefinitionRequest d=SecurityDefinition e=SecurityStatusRequest f=SecurityStatus
  g=TradingSessionStatusRequest h=TradingSessionStatus i=MassQuote j=BusinessMessageReject
  k=BidRequest l=BidResponse m=ListStrikePrice n=XMLnonFIX o=RegistrationInstructions
  p=RegistrationInstructionsResponse q=OrderMassCancelRequest r=OrderMassCancelReport
  s=NewOrderCross t=CrossOrderCancelReplaceRequest u=CrossOrderCancelRequest v=SecurityTypeRequest
  w=SecurityTypes x=SecurityListRequest y=SecurityList z=DerivativeSecurityListRequest
  AA=DerivativeSecurityList AB=NewOrderMultileg AC=MultilegOrderCancelReplace
  AD=TradeCaptureReportRequest AE=TradeCaptureReport AF=OrderMassStatusRequest
  AG=QuoteRequestReject AH=RFQRequest AI=QuoteStatusReport AJ=QuoteResponse AK=Confirmation
  AL=PositionMaintenanceRequest AM=PositionMaintenanceReport AN=RequestForPositions
  AO=RequestForPositionsAck AP=PositionReport AQ=TradeCaptureReportRequestAck
  AR=TradeCaptureReportAck AS=AllocationReport AT=AllocationReportAck AU=ConfirmationAck
  AV=SettlementInstructionRequest AW=AssignmentReport AX=CollateralRequest AY=CollateralAssignment
  AZ=CollateralResponse BA=CollateralReport BB=CollateralInquiry
  BC=NetworkCounterpartySystemStatusRequest BD=NetworkCounterpartySystemStatusResponse
  BE=UserRequest BF=UserResponse BG=CollateralInquiryAck BH=ConfirmationRequest
tags 1-19 21-23 25-45 48-50 52-75 77-85 87-91 93-100 102-104 106-108 110-124 126-165 167-172
  188-203 206-218 220-260 262-313 315-318 320-369 371-438 441-448 451-464 466-652 654-684 686-808
  810-830 832-956
data 93=89 90=91 95=96 212=213 348=349 350=351 352=353 354=355 356=357 358=359 360=361 362=363
  364=365 445=446 618=619 621=622
field 1 Account String
field 6 AvgPx Price
field 7 BeginSeqNo SeqNum
field 8 BeginString String
field 9 BodyLength Length
field 10 CheckSum String
field 11 ClOrdID String
field 12 Commission Amt
field 13 CommType char 1=PerUnit 2=Percent 3=Absolute 4=PercentageWaivedCashDiscount
  5=PercentageWaivedEnhancedUnits 6=PointsPerBondOrContract
field 14 CumQty Qty
field 15 Currency Currency
field 16 EndSeqNo SeqNum
field 17 ExecID String
field 18 ExecInst MultipleValueString 1=NotHeld 2=Work 3=GoAlong 4=OverTheDay 5=Held
  6=ParticipateDoNotInitiate 7=StrictScale 8=TryToScale 9=StayOnBidSide 0=StayOnOfferSide
  A=NoCross B=OKToCross C=CallFirst D=PercentOfVolume E=DoNotIncrease F=DoNotReduce G=AllOrNone
  H=ReinstateOnSystemFailure I=InstitutionsOnly J=ReinstateOnTradingHalt K=CancelOnTradingHalt
  L=LastPeg M=MidPricePeg N=NonNegotiable O=OpeningPeg P=MarketPeg Q=CancelOnSystemFailure
  R=PrimaryPeg S=Suspend U=CustomerDisplayInstruction V=Netting W=PegToVWAP X=TradeAlong
  Y=TryToStop Z=CancelIfNotBest a=TrailingStopPeg b=StrictLimit c=IgnorePriceValidityChecks
  d=PegToLimitPrice e=WorkToTargetStrategy
field 19 ExecRefID String
field 21 HandlInst char 1=AutomatedExecutionNoIntervention 2=AutomatedExecutionInterventionOK
  3=ManualOrder
field 22 SecurityIDSource String 1=CUSIP 2=SEDOL 3=QUIK 4=ISINNumber 5=RICCode 6=ISOCurrencyCode
  7=ISOCountryCode 8=ExchangeSymbol 9=ConsolidatedTapeAssociation A=BloombergSymbol B=Wertpapier
  C=Dutch D=Valoren E=Sicovam F=Belgian G=Common H=ClearingHouse I=ISDAFpMLSpecification
  J=OptionPriceReportingAuthority 100+=Private
field 23 IOIID String
field 29 LastCapacity char 1=Agent 2=CrossAsAgent 3=CrossAsPrincipal 4=Principal
field 30 LastMkt Exchange
field 31 LastPx Price
field 32 LastQty Qty
field 34 MsgSeqNum SeqNum
field 35 MsgType String
field 36 NewSeqNo SeqNum
field 37 OrderID String
field 38 OrderQty Qty
field 39 OrdStatus char 0=New 1=PartiallyFilled 2=Filled 3=DoneForDay 4=Canceled 6=PendingCancel
  7=Stopped 8=Rejected 9=Suspended A=PendingNew B=Calculated C=Expired D=AcceptedForBidding
  E=PendingReplace
field 40 OrdType char 1=Market 2=Limit 3=Stop 4=StopLimit 6=WithOrWithout 7=LimitOrBetter
  8=LimitWithOrWithout 9=OnBasis D=PreviouslyQuoted E=PreviouslyIndicated G=ForexSwap I=Funari
  J=MarketIfTouched K=MarketWithLeftOverAsLimit L=PreviousFundValuationPoint
  M=NextFundValuationPoint P=Pegged
field 41 OrigClOrdID String
field 43 PossDupFlag Boolean Y=PossibleDuplicate N=OriginalTransmission
field 44 Price Price
field 45 RefSeqNum SeqNum
field 48 SecurityID String
field 49 SenderCompID String
field 50 SenderSubID String
field 52 SendingTime UTCTimestamp
field 54 Side char 1=Buy 2=Sell 3=BuyMinus 4=SellPlus 5=SellShort 6=SellShortExempt 7=Undisclosed
  8=Cross 9=CrossShort A=CrossShortExempt B=AsDefined C=Opposite D=Subscribe E=Redeem F=Lend
  G=Borrow
field 55 Symbol String
field 56 TargetCompID String
field 57 TargetSubID String
field 58 Text String
field 59 TimeInForce char 0=Day 1=GoodTillCancel 2=AtTheOpening 3=ImmediateOrCancel 4=FillOrKill
  5=GoodTillCrossing 6=GoodTillDate 7=AtTheClose
field 60 TransactTime UTCTimestamp
field 63 SettlType char 0=Regular 1=Cash 2=NextDay 3=TPlus2 4=TPlus3 5=TPlus4 6=Future
  7=WhenAndIfIssued 8=SellersOption 9=TPlus5
field 64 SettlDate LocalMktDate
field 65 SymbolSfx String
field 66 ListID String
field 70 AllocID String
field 75 TradeDate LocalMktDate
field 77 PositionEffect char O=Open C=Close R=Rolled F=FIFO
field 78 NoAllocs NumInGroup
field 79 AllocAccount String
field 80 AllocQty Qty
field 81 ProcessCode char 0=Regular 1=SoftDollar 2=StepIn 3=StepOut 4=SoftDollarStepIn
  5=SoftDollarStepOut 6=PlanSponsor
field 89 Signature data
field 90 SecureDataLen Length
field 91 SecureData data
field 93 SignatureLength Length
field 95 RawDataLength Length
field 96 RawData data
field 97 PossResend Boolean Y=PossibleResend N=OriginalTransmission
field 98 EncryptMethod int 0=None 1=PKCS 2=DES 3=PKCSDES 4=PGPDES 5=PGPDESMD5 6=PEM
field 99 StopPx Price
field 100 ExDestination Exchange
field 102 CxlRejReason int 0=TooLateToCancel 1=UnknownOrder 2=BrokerCredit
  3=OrderAlreadyInPendingStatus 4=UnableToProcessOrderMassCancelRequest 5=OrigOrdModTime
  6=DuplicateClOrdID 99=Other
field 103 OrdRejReason int 0=BrokerCredit 1=UnknownSymbol 2=ExchangeClosed 3=OrderExceedsLimit
  4=TooLateToEnter 5=UnknownOrder 6=DuplicateOrder 7=DuplicateOfAVerballyCommunicatedOrder
  8=StaleOrder 9=TradeAlongRequired 10=InvalidInvestorID 11=UnsupportedOrderCharacteristic
  13=IncorrectQuantity 14=IncorrectAllocatedQuantity 15=UnknownAccount 99=Other
field 106 Issuer String
field 107 SecurityDesc String
field 108 HeartBtInt int
field 110 MinQty Qty
field 111 MaxFloor Qty
field 112 TestReqID String
field 113 ReportToExch Boolean Y=ReceiverReports N=SenderReports
field 114 LocateReqd Boolean Y=Yes N=No
field 115 OnBehalfOfCompID String
field 116 OnBehalfOfSubID String
field 117 QuoteID String
field 118 NetMoney Amt
field 119 SettlCurrAmt Amt
field 120 SettlCurrency Currency
field 121 ForexReq Boolean Y=ExecuteForexAfterSecurityTrade N=DoNotExecuteForexAfterSecurityTrade
field 122 OrigSendingTime UTCTimestamp
field 123 GapFillFlag Boolean Y=GapFillMessage N=SequenceReset
field 126 ExpireTime UTCTimestamp
field 128 DeliverToCompID String
field 129 DeliverToSubID String
field 136 NoMiscFees NumInGroup
field 137 MiscFeeAmt Amt
field 138 MiscFeeCurr Currency
field 139 MiscFeeType char 1=Regulatory 2=Tax 3=LocalCommission 4=ExchangeFees 5=Stamp 6=Levy
  7=Other 8=Markup 9=ConsumptionTax 10=PerTransaction 11=Conversion 12=Agent
field 140 PrevClosePx Price
field 141 ResetSeqNumFlag Boolean Y=Yes N=No
field 142 SenderLocationID String
field 143 TargetLocationID String
field 144 OnBehalfOfLocationID String
field 145 DeliverToLocationID String
field 150 ExecType char 0=New 3=DoneForDay 4=Canceled 5=Replaced 6=PendingCancel 7=Stopped
  8=Rejected 9=Suspended A=PendingNew B=Calculated C=Expired D=Restated E=PendingReplace F=Trade
  G=TradeCorrect H=TradeCancel I=OrderStatus
field 151 LeavesQty Qty
field 152 CashOrderQty Qty
field 155 SettlCurrFxRate float
field 156 SettlCurrFxRateCalc char M=Multiply D=Divide
field 157 NumDaysInterest int
field 158 AccruedInterestRate Percentage
field 159 AccruedInterestAmt Amt
field 167 SecurityType String EUSUPRA=EuroSupranationalCoupons FAC=FederalAgencyCoupon
  FADN=FederalAgencyDiscountNote PEF=PrivateExportFunding SUPRA=USDSupranationalCoupons
  CORP=CorporateBond CPP=CorporatePrivatePlacement CB=ConvertibleBond DUAL=DualCurrency
  EUCORP=EuroCorporateBond XLINKD=IndexedLinked STRUCT=StructuredNotes YANK=YankeeCorporateBond
  FOR=ForeignExchangeContract CS=CommonStock PS=PreferredStock BRADY=BradyBond
  EUSOV=EuroSovereigns TBOND=USTreasuryBond TINT=InterestStripFromAnyBondOrNote
  TIPS=TreasuryInflationProtectedSecurities TCAL=PrincipalStripOfACallableBondOrNote
  TPRN=PrincipalStripFromANonCallableBondOrNote UST=USTreasuryNoteOld USTB=USTreasuryBillOld
  TNOTE=USTreasuryNote TBILL=USTreasuryBill REPO=Repurchase FORWARD=Forward BUYSELL=BuySellback
  SECLOAN=SecuritiesLoan SECPLEDGE=SecuritiesPledge TERM=TermLoan RVLV=RevolverLoan
  RVLVTRM=Revolver BRIDGE=BridgeLoan LOFC=LetterOfCredit SWING=SwingLineFacility
  DINP=DebtorInPossession DEFLTED=Defaulted WITHDRN=Withdrawn REPLACD=Replaced MATURED=Matured
  AMENDED=Amended RETIRED=Retired BA=BankersAcceptance BN=BankNotes BOX=BillOfExchanges
  CD=CertificateOfDeposit CL=CallLoans CP=CommercialPaper DN=DepositNotes
  EUCD=EuroCertificateOfDeposit EUCP=EuroCommercialPaper LQN=LiquidityNote MTN=MediumTermNotes
  ONITE=Overnight PN=PromissoryNote PZFJ=PlazosFijos STN=ShortTermLoanNote TD=TimeDeposit
  XCN=ExtendedCommNote YCD=YankeeCertificateOfDeposit ABS=AssetBackedSecurities CMBS=Corp
  CMO=CollateralizedMortgageObligation IET=IOETTEMortgage MBS=MortgageBackedSecurities
  MIO=MortgageInterestOnly MPO=MortgagePrincipalOnly MPP=MortgagePrivatePlacement
  MPT=MiscellaneousPassThrough PFAND=Pfandbriefe TBA=ToBeAnnounced AN=OtherAnticipationNotes
  COFO=CertificateOfObligation COFP=CertificateOfParticipation GO=GeneralObligationBonds
  MT=MandatoryTender RAN=RevenueAnticipationNote REV=RevenueBonds SPCLA=SpecialAssessment
  SPCLO=SpecialObligation SPCLT=SpecialTax TAN=TaxAnticipationNote TAXA=TaxAllocation
  TECP=TaxExemptCommercialPaper TRAN=TaxRevenueAnticipationNote VRDN=VariableRateDemandNote
  WAR=Warrant MF=MutualFund MLEG=MultilegInstrument NONE=NoSecurityType FUT=Future OPT=Option
field 168 EffectiveTime UTCTimestamp
field 192 OrderQty2 Qty
field 193 SettlDate2 LocalMktDate
field 194 LastSpotRate Price
field 195 LastForwardPoints PriceOffset
field 198 SecondaryOrderID String
field 200 MaturityMonthYear MonthYear
field 201 PutOrCall int 0=Put 1=Call
field 202 StrikePrice Price
field 203 CoveredOrUncovered int 0=Covered 1=Uncovered
field 206 OptAttribute char
field 207 SecurityExchange Exchange
field 210 MaxShow Qty
field 211 PegOffsetValue float
field 212 XmlDataLen Length
field 213 XmlData data
field 218 Spread PriceOffset
field 220 BenchmarkCurveCurrency Currency
field 221 BenchmarkCurveName String
field 222 BenchmarkCurvePoint String
field 223 CouponRate Percentage
field 224 CouponPaymentDate LocalMktDate
field 225 IssueDate LocalMktDate
field 226 RepurchaseTerm int
field 227 RepurchaseRate Percentage
field 228 Factor float
field 229 TradeOriginationDate LocalMktDate
field 230 ExDate LocalMktDate
field 231 ContractMultiplier float
field 232 NoStipulations NumInGroup
field 233 StipulationType String AMT=AlternativeMinimumTax AUTOREINV=AutoReinvestment
  BANKQUAL=BankQualified BGNCON=BargainConditions COUPON=CouponRange CURRENCY=ISOCurrencyCode
  CUSTOMDATE=CustomStart GEOG=Geographics HAIRCUT=ValuationDiscount INSURED=Insured
  ISSUE=IssueDate ISSUER=Issuer ISSUESIZE=IssueSizeRange LOOKBACK=LookbackDays
  LOT=ExplicitLotIdentifier LOTVAR=LotVariance MAT=MaturityYearAndMonth MATURITY=MaturityRange
  MAXSUBS=MaximumSubstitutions MINQTY=MinimumQuantity MININCR=MinimumIncrement
  MINDNOM=MinimumDenomination PAYFREQ=PaymentFrequency PIECES=NumberOfPieces PMAX=PoolsMaximum
  PPM=PoolsPerMillion PPL=PoolsPerLot PPT=PoolsPerTrade PRICE=PriceRange
  PRICEFREQ=PricingFrequency PROD=ProductionYear PROTECT=CallProtection PURPOSE=Purpose
  PXSOURCE=BenchmarkPriceSource RATING=RatingSourceAndRange REDEMPTION=TypeOfRedemption
  RESTRICTED=Restricted SECTOR=MarketSector SECTYPE=SecurityTypeIncludedOrExcluded
  STRUCT=Structure SUBSFREQ=SubstitutionsFrequency SUBSLEFT=SubstitutionsLeft TEXT=FreeformText
  TRDVAR=TradeVariance WAC=WeightedAverageCoupon WAL=WeightedAverageLifeCoupon
  WALA=WeightedAverageLoanAge WAM=WeightedAverageMaturity WHOLE=WholePool YIELD=YieldRange
field 234 StipulationValue String
field 235 YieldType String AFTERTAX=AfterTaxYield ANNUAL=AnnualYield ATISSUE=YieldAtIssue
  AVGMATURITY=YieldToAverageMaturity BOOK=BookYield CALL=YieldToNextCall
  CHANGE=YieldChangeSinceClose CLOSE=ClosingYield COMPOUND=CompoundYield CURRENT=CurrentYield
  GROSS=TrueGrossYield GOVTEQUIV=GvntEquivalentYield INFLATION=YieldWithInflationAssumption
  INVERSEFLOATER=InverseFloaterBondYield LASTCLOSE=MostRecentClosingYield
  LASTMONTH=ClosingYieldMostRecentMonth LASTQUARTER=ClosingYieldMostRecentQuarter
  LASTYEAR=ClosingYieldMostRecentYear LONGAVGLIFE=YieldToLongestAverageLife MARK=MarkToMarketYield
  MATURITY=YieldToMaturity NEXTREFUND=YieldToNextRefund OPENAVG=OpenAverageYield
  PUT=YieldToNextPut PREVCLOSE=PreviousCloseYield PROCEEDS=ProceedsYield
  SEMIANNUAL=SemiAnnualYield SHORTAVGLIFE=YieldToShortestAverageLife SIMPLE=SimpleYield
  TAXEQUIV=TaxEquivalentYield TENDER=YieldToTenderDate TRUE=TrueYield VALUE1/32=YieldValueOf132
  WORST=YieldToWorst
field 236 Yield Percentage
field 237 TotalTakedown Amt
field 238 Concession Amt
field 239 RepoCollateralSecurityType String
field 240 RedemptionDate LocalMktDate
field 241 UnderlyingCouponPaymentDate LocalMktDate
field 242 UnderlyingIssueDate LocalMktDate
field 243 UnderlyingRepoCollateralSecurityType String
field 244 UnderlyingRepurchaseTerm int
field 245 UnderlyingRepurchaseRate Percentage
field 246 UnderlyingFactor float
field 247 UnderlyingRedemptionDate LocalMktDate
field 248 LegCouponPaymentDate LocalMktDate
field 249 LegIssueDate LocalMktDate
field 250 LegRepoCollateralSecurityType String
field 251 LegRepurchaseTerm int
field 252 LegRepurchaseRate Percentage
field 253 LegFactor float
field 254 LegRedemptionDate LocalMktDate
field 255 CreditRating String
field 256 UnderlyingCreditRating String
field 257 LegCreditRating String
field 258 TradedFlatSwitch Boolean Y=TradedFlat N=NotTradedFlat
field 259 BasisFeatureDate LocalMktDate
field 260 BasisFeaturePrice Price
field 305 UnderlyingSecurityIDSource String
field 306 UnderlyingIssuer String
field 307 UnderlyingSecurityDesc String
field 308 UnderlyingSecurityExchange Exchange
field 309 UnderlyingSecurityID String
field 310 UnderlyingSecurityType String
field 311 UnderlyingSymbol String
field 312 UnderlyingSymbolSfx String
field 313 UnderlyingMaturityMonthYear MonthYear
field 315 UnderlyingPutOrCall int
field 316 UnderlyingStrikePrice Price
field 317 UnderlyingOptAttribute char
field 318 UnderlyingCurrency Currency
field 336 TradingSessionID String
field 337 ContraTrader String
field 347 MessageEncoding String ISO-2022-JP=ISO2022JP EUC-JP=EUCJP Shift_JIS=ShiftJIS UTF-8=UTF8
field 348 EncodedIssuerLen Length
field 349 EncodedIssuer data
field 350 EncodedSecurityDescLen Length
field 351 EncodedSecurityDesc data
field 354 EncodedTextLen Length
field 355 EncodedText data
field 362 EncodedUnderlyingIssuerLen Length
field 363 EncodedUnderlyingIssuer data
field 364 EncodedUnderlyingSecurityDescLen Length
field 365 EncodedUnderlyingSecurityDesc data
field 369 LastMsgSeqNumProcessed SeqNum
field 371 RefTagID int
field 372 RefMsgType String
field 373 SessionRejectReason int 0=InvalidTagNumber 1=RequiredTagMissing
  2=TagNotDefinedForThisMessageType 3=UndefinedTag 4=TagSpecifiedWithoutAValue 5=ValueIsIncorrect
  6=IncorrectDataFormatForValue 7=DecryptionProblem 8=SignatureProblem 9=CompIDProblem
  10=SendingTimeAccuracyProblem 11=InvalidMsgType 12=XMLValidationError 13=TagAppearsMoreThanOnce
  14=TagSpecifiedOutOfRequiredOrder 15=RepeatingGroupFieldsOutOfOrder
  16=IncorrectNumInGroupCountForRepeatingGroup 17=Non 99=Other
field 375 ContraBroker String
field 376 ComplianceID String
field 377 SolicitedFlag Boolean Y=WasSolicited N=WasNotSolicited
field 378 ExecRestatementReason int 0=GTCorporateAction 1=GTRenewal 2=VerbalChange
  3=RepricingOfOrder 4=BrokerOption 5=PartialDeclineOfOrderQty 6=CancelOnTradingHalt
  7=CancelOnSystemFailure 8=Market 9=Canceled 10=WarehouseRecap 99=Other
field 379 BusinessRejectRefID String
field 380 BusinessRejectReason int 0=Other 1=UnknownID 2=UnknownSecurity 3=UnsupportedMessageType
  4=ApplicationNotAvailable 5=ConditionallyRequiredFieldMissing 6=NotAuthorized
  7=DeliverToFirmNotAvailableAtThisTime
field 381 GrossTradeAmt Amt
field 382 NoContraBrokers NumInGroup
field 383 MaxMessageSize Length
field 384 NoMsgTypes NumInGroup
field 385 MsgDirection char S=Send R=Receive
field 386 NoTradingSessions NumInGroup
field 388 DiscretionInst char 0=RelatedToDisplayedPrice 1=RelatedToMarketPrice
  2=RelatedToPrimaryPrice 3=RelatedToLocalPrimaryPrice 4=RelatedToMidpointPrice
  5=RelatedToLastTradePrice 6=RelatedToVWAP
field 389 DiscretionOffsetValue float
field 423 PriceType int 1=Percentage 2=PerUnit 3=FixedAmount 4=Discount 5=Premium 6=Spread
  7=TEDPrice 8=TEDYield 9=Yield 10=FixedCabinetTradePrice 11=VariableCabinetTradePrice
field 424 DayOrderQty Qty
field 425 DayCumQty Qty
field 426 DayAvgPx Price
field 427 GTBookingInst int 0=BookOutAllTradesOnDayOfExecution 1=AccumulateUntilFilledOrExpired
  2=AccumulateUntilVerballlyNotifiedOtherwise
field 432 ExpireDate LocalMktDate
field 434 CxlRejResponseTo char 1=OrderCancelRequest 2=OrderCancel
field 435 UnderlyingCouponRate Percentage
field 436 UnderlyingContractMultiplier float
field 437 ContraTradeQty Qty
field 438 ContraTradeTime UTCTimestamp
field 442 MultiLegReportingType char 1=SingleSecurity 2=IndividualLegOfAMultiLegSecurity
  3=MultiLegSecurity
field 447 PartyIDSource char B=BIC C=GeneralIdentifier D=Proprietary E=ISOCountryCode
  F=SettlementEntityLocation G=MIC H=CSDParticipant 1=KoreanInvestorID
  2=TaiwaneseForeignInvestorID 3=TaiwaneseTradingAcct 4=MalaysianCentralDepository
  5=ChineseInvestorID 6=UKNationalInsuranceOrPensionNumber 7=USSocialSecurityNumber
  8=USEmployerOrTaxIDNumber 9=AustralianBusinessNumber A=AustralianTaxFileNumber I=ISITCAcronym
field 448 PartyID String
field 452 PartyRole int 1=ExecutingFirm 2=BrokerOfCredit 3=ClientID 4=ClearingFirm 5=InvestorID
  6=IntroducingFirm 7=EnteringFirm 8=Locate 9=FundManagerClientID 10=SettlementLocation
  11=OrderOriginationTrader 12=ExecutingTrader 13=OrderOriginationFirm 14=GiveupClearingFirm
  15=CorrespondantClearingFirm 16=ExecutingSystem 17=ContraFirm 18=ContraClearingFirm
  19=SponsoringFirm 20=UnderlyingContraFirm 21=ClearingOrganization 22=Exchange 24=CustomerAccount
  25=CorrespondentClearingOrganization 26=CorrespondentBroker 27=Buyer 28=Custodian
  29=Intermediary 30=Agent 31=SubCustodian 32=Beneficiary 33=InterestedParty 34=RegulatoryBody
  35=LiquidityProvider 36=EnteringTrader 37=ContraTrader 38=PositionAccount
field 453 NoPartyIDs NumInGroup
field 454 NoSecurityAltID NumInGroup
field 455 SecurityAltID String
field 456 SecurityAltIDSource String
field 457 NoUnderlyingSecurityAltID NumInGroup
field 458 UnderlyingSecurityAltID String
field 459 UnderlyingSecurityAltIDSource String
field 460 Product int 1=AGENCY 2=COMMODITY 3=CORPORATE 4=CURRENCY 5=EQUITY 6=GOVERNMENT 7=INDEX
  8=LOAN 9=MONEYMARKET 10=MORTGAGE 11=MUNICIPAL 12=OTHER 13=FINANCING
field 461 CFICode String
field 462 UnderlyingProduct int
field 463 UnderlyingCFICode String
field 464 TestMessageIndicator Boolean Y=True N=Fales
field 467 IndividualAllocID String
field 468 RoundingDirection char 0=RoundToNearest 1=RoundDown 2=RoundUp
field 469 RoundingModulus float
field 470 CountryOfIssue Country
field 471 StateOrProvinceOfIssue String
field 472 LocaleOfIssue String
field 479 CommCurrency Currency
field 480 CancellationRights char Y=Yes N=NoExecutionOnly M=NoWaiverAgreement O=NoInstitutional
field 481 MoneyLaunderingStatus char Y=Passed N=NotChecked 1=ExemptBelowLimit 2=ExemptMoneyType
  3=ExemptAuthorised
field 483 TransBkdTime UTCTimestamp
field 484 ExecPriceType char B=BidPrice C=CreationPrice D=CreationPricePlusAdjustmentPercent
  E=CreationPricePlusAdjustmentAmount O=OfferPrice P=OfferPriceMinusAdjustmentPercent
  Q=OfferPriceMinusAdjustmentAmount S=SinglePrice
field 485 ExecPriceAdjustment float
field 494 Designation String
field 497 FundRenewWaiv char Y=Yes N=No
field 513 RegistID String
field 515 ExecValuationPoint UTCTimestamp
field 516 OrderPercent Percentage
field 518 NoContAmts NumInGroup
field 519 ContAmtType int 1=CommissionAmount 2=CommissionPercent 3=InitialChargeAmount
  4=InitialChargePercent 5=DiscountAmount 6=DiscountPercent 7=DilutionLevyAmount
  8=DilutionLevyPercent 9=ExitChargeAmount 10=ExitChargePercent
  11=FundBasedRenewalCommissionPercent 12=ProjectedFundValue 13=FundBasedRenewalCommissionOnOrder
  14=FundBasedRenewalCommissionOnFund 15=NetSettlementAmount
field 520 ContAmtValue float
field 521 ContAmtCurr Currency
field 523 PartySubID String
field 524 NestedPartyID String
field 525 NestedPartyIDSource char
field 526 SecondaryClOrdID String
field 527 SecondaryExecID String
field 528 OrderCapacity char A=Agency G=Proprietary I=Individual P=Principal R=RisklessPrincipal
  W=AgentForOtherMember
field 529 OrderRestrictions MultipleValueString 1=ProgramTrade 2=IndexArbitrage
  3=NonIndexArbitrage 4=CompetingMarketMaker 5=ActingAsMarketMakerOrSpecialistInSecurity
  6=ActingAsMarketMakerOrSpecialistInUnderlying 7=ForeignEntity 8=ExternalMarketParticipant
  9=ExternalInterConnectedMarketLinkage A=RisklessArbitrage
field 538 NestedPartyRole int
field 539 NoNestedPartyIDs NumInGroup
field 541 MaturityDate LocalMktDate
field 542 UnderlyingMaturityDate LocalMktDate
field 543 InstrRegistry String
field 544 CashMargin char 1=Cash 2=MarginOpen 3=MarginClose
field 545 NestedPartySubID String
field 548 CrossID String
field 549 CrossType int 1=CrossAON 2=CrossIOC 3=CrossOneSide 4=CrossSamePrice
field 551 OrigCrossID String
field 553 Username String
field 554 Password String
field 555 NoLegs NumInGroup
field 556 LegCurrency Currency
field 564 LegPositionEffect char
field 565 LegCoveredOrUncovered int
field 566 LegPrice Price
field 581 AccountType int 1=CarriedCustomerSide 2=CarriedNonCustomerSide 3=HouseTrader
  4=FloorTrader 6=CarriedNonCustomerSideCrossMargined 7=HouseTraderCrossMargined
  8=JointBackOfficeAccount
field 582 CustOrderCapacity int 1=MemberTradingForTheirOwnAccount
  2=ClearingFirmTradingForItsProprietaryAccount 3=MemberTradingForAnotherMember 4=AllOther
field 583 ClOrdLinkID String
field 584 MassStatusReqID String
field 585 MassStatusReqType int 1=StatusForOrdersForASecurity
  2=StatusForOrdersForAnUnderlyingSecurity 3=StatusForOrdersForAProduct
  4=StatusForOrdersForACFICode 5=StatusForOrdersForASecurityType
  6=StatusForOrdersForATradingSession 7=StatusForAllOrders 8=StatusForOrdersForAPartyID
field 586 OrigOrdModTime UTCTimestamp
field 587 LegSettlType char
field 588 LegSettlDate LocalMktDate
field 589 DayBookingInst char 0=Auto 1=SpeakWithOrderInitiatorBeforeBooking 2=Accumulate
field 590 BookingUnit char 0=EachPartialExecutionIsABookableUnit
  1=AggregatePartialExecutionsOnThisOrder 2=AggregateExecutionsForThisSymbol
field 591 PreallocMethod char 0=ProRata 1=DoNotProRata
field 592 UnderlyingCountryOfIssue Country
field 593 UnderlyingStateOrProvinceOfIssue String
field 594 UnderlyingLocaleOfIssue String
field 595 UnderlyingInstrRegistry String
field 596 LegCountryOfIssue Country
field 597 LegStateOrProvinceOfIssue String
field 598 LegLocaleOfIssue String
field 599 LegInstrRegistry String
field 600 LegSymbol String
field 601 LegSymbolSfx String
field 602 LegSecurityID String
field 603 LegSecurityIDSource String
field 604 NoLegSecurityAltID NumInGroup
field 605 LegSecurityAltID String
field 606 LegSecurityAltIDSource String
field 607 LegProduct int
field 608 LegCFICode String
field 609 LegSecurityType String
field 610 LegMaturityMonthYear MonthYear
field 611 LegMaturityDate LocalMktDate
field 612 LegStrikePrice Price
field 613 LegOptAttribute char
field 614 LegContractMultiplier float
field 615 LegCouponRate Percentage
field 616 LegSecurityExchange Exchange
field 617 LegIssuer String
field 618 EncodedLegIssuerLen Length
field 619 EncodedLegIssuer data
field 620 LegSecurityDesc String
field 621 EncodedLegSecurityDescLen Length
field 622 EncodedLegSecurityDesc data
field 623 LegRatioQty float
field 624 LegSide char
field 625 TradingSessionSubID String
field 627 NoHops NumInGroup
field 628 HopCompID String
field 629 HopSendingTime UTCTimestamp
field 630 HopRefID SeqNum
field 635 ClearingFeeIndicator String B=CBOEMember C=NonMemberAndCustomer
  E=EquityMemberAndClearingMember F=FullAndAssociateMember H=Firms106HAnd106J I=GIM
  L=Lessee106FEmployees M=AllOtherOwnershipTypes 1=FirstYearDelegate 2=SecondYearDelegate
  3=ThirdYearDelegate 4=FourthYearDelegate 5=FifthYearDelegate 9=SixthYearDelegate
field 636 WorkingIndicator Boolean Y=Working N=NotWorking
field 637 LegLastPx Price
field 638 PriorityIndicator int 0=PriorityUnchanged 1=LostPriorityAsResultOfOrderChange
field 639 PriceImprovement PriceOffset
field 640 Price2 Price
field 641 LastForwardPoints2 PriceOffset
field 651 UnderlyingLastPx Price
field 652 UnderlyingLastQty Qty
field 654 LegRefID String
field 655 ContraLegRefID String
field 660 AcctIDSource int 1=BIC 2=SIDCode 3=TFM 4=OMGEO 5=DTCCCode 99=Other
field 661 AllocAcctIDSource int
field 662 BenchmarkPrice Price
field 663 BenchmarkPriceType int
field 667 ContractSettlMonth MonthYear
field 669 LastParPx Price
field 683 NoLegStipulations NumInGroup
field 687 LegQty Qty
field 688 LegStipulationType String
field 689 LegStipulationValue String
field 690 LegSwapType int 1=ParForPar 2=ModifiedDuration 4=Risk 5=Proceeds
field 691 Pool String
field 693 QuoteRespID String
field 696 YieldRedemptionDate LocalMktDate
field 697 YieldRedemptionPrice Price
field 698 YieldRedemptionPriceType int
field 699 BenchmarkSecurityID String
field 701 YieldCalcDate LocalMktDate
field 711 NoUnderlyings NumInGroup
field 736 AllocSettlCurrency Currency
field 738 InterestAtMaturity Amt
field 739 LegDatedDate LocalMktDate
field 740 LegPool String
field 761 BenchmarkSecurityIDSource String
field 762 SecuritySubType String
field 763 UnderlyingSecuritySubType String
field 764 LegSecuritySubType String
field 775 BookingType int 0=RegularBooking 1=CFD 2=TotalReturnSwap
field 788 TerminationType int 1=Overnight 2=Term 3=Flexible 4=Open
field 789 NextExpectedMsgSeqNum SeqNum
field 790 OrdStatusReqID String
field 797 CopyMsgIndicator Boolean
field 802 NoPartySubIDs NumInGroup
field 803 PartySubIDType int 1=Firm 2=Person 3=System 4=Application 5=FullLegalNameOfFirm
  6=PostalAddress 7=PhoneNumber 8=EmailAddress 9=ContactName 10=SecuritiesAccountNumber
  11=RegistrationNumber 12=RegisteredAddressForConfirmation 13=RegulatoryStatus
  14=RegistrationName 15=CashAccountNumber 16=BIC 17=CSDParticipantMemberCode 18=RegisteredAddress
  19=FundAccountName 20=TelexNumber 21=FaxNumber 22=SecuritiesAccountName 23=CashAccountName
  24=Department 25=LocationDesk 26=PositionAccountType
field 804 NoNestedPartySubIDs NumInGroup
field 805 NestedPartySubIDType int
field 810 UnderlyingPx Price
field 835 PegMoveType int 0=Floating 1=Fixed
field 836 PegOffsetType int 0=Price 1=BasisPoints 2=Ticks 3=PriceTier
field 837 PegLimitType int 0=OrBetter 1=Strict 2=OrWorse
field 838 PegRoundDirection int 1=MoreAggressive 2=MorePassive
field 839 PeggedPrice Price
field 840 PegScope int 1=Local 2=National 3=Global 4=NationalExcludingLocal
field 841 DiscretionMoveType int 0=Floating 1=Fixed
field 842 DiscretionOffsetType int 0=Price 1=BasisPoints 2=Ticks 3=PriceTier
field 843 DiscretionLimitType int 0=OrBetter 1=Strict 2=OrWorse
field 844 DiscretionRoundDirection int 1=MoreAggressive 2=MorePassive
field 845 DiscretionPrice Price
field 846 DiscretionScope int 1=Local 2=National 3=Global 4=NationalExcludingLocal
field 847 TargetStrategy int 1=VWAP 2=Participate 3=MininizeMarketImpact
field 848 TargetStrategyParameters String
field 849 ParticipationRate Percentage
field 850 TargetStrategyPerformance float
field 851 LastLiquidityInd int 1=AddedLiquidity 2=RemovedLiquidity 3=LiquidityRoutedOut
field 854 QtyType int 0=Units 1=Contracts
field 864 NoEvents NumInGroup
field 865 EventType int 1=Put 2=Call 3=Tender 4=SinkingFundCall 99=Other
field 866 EventDate LocalMktDate
field 867 EventPx Price
field 868 EventText String
field 873 DatedDate LocalMktDate
field 874 InterestAccrualDate LocalMktDate
field 875 CPProgram int 1=Program3a3 2=Program42 99=Other
field 876 CPRegType String
field 877 UnderlyingCPProgram String
field 878 UnderlyingCPRegType String
field 879 UnderlyingQty Qty
field 882 UnderlyingDirtyPrice Price
field 883 UnderlyingEndPrice Price
field 884 UnderlyingStartValue Amt
field 885 UnderlyingCurrentValue Amt
field 886 UnderlyingEndValue Amt
field 887 NoUnderlyingStips NumInGroup
field 888 UnderlyingStipType String
field 889 UnderlyingStipValue String
field 891 MiscFeeBasis int 0=Absolute 1=PerUnit 2=Percentage
field 898 MarginRatio Percentage
field 911 TotNumReports int
field 912 LastRptRequested Boolean
field 913 AgreementDesc String
field 914 AgreementID String
field 915 AgreementDate LocalMktDate
field 916 StartDate LocalMktDate
field 917 EndDate LocalMktDate
field 918 AgreementCurrency Currency
field 919 DeliveryType int 0=VersusPayment 1=Free 2=TriParty 3=HoldInCustody
field 920 EndAccruedInterestAmt Amt
field 921 StartCash Amt
field 922 EndCash Amt
field 941 UnderlyingStrikeCurrency Currency
field 942 LegStrikeCurrency Currency
field 943 TimeBracket String
field 947 StrikeCurrency Currency
field 955 LegContractSettlMonth MonthYear
field 956 LegInterestAccrualDate LocalMktDate
header 8! 9! 35! 49! 56! 115 128 90 91 34! 50 142 57 143 116 144 129 145 43 97 52! 122 212 213 347
  369 627(628 629 630)
trailer 93 89 10!
message 0 112
message 1 112!
message 2 7! 16!
message 3 45! 371 372 373 58 354 355
message 4 123 36!
message 5 58 354 355
message A 98! 108! 95 96 141 789 383 384(372 385) 464 553 554
message D 11! 526 583 453(448 447 452 802(523 803)) 229 75 1 660 581 589 590 591 70 78(79 661 736
  467 539(524 525 538 804(545 805)) 80) 63 64 544 635 21 18 110 111 100 386(336 625) 81 55 65 48
  22 454(455 456) 460 461 167 762 200 541 201 224 225 239 226 227 228 255 543 470 471 472 240 202
  947 206 231 223 207 106 348 349 107 350 351 691 667 875 876 864(865 866 867 868) 873 874 913 914
  915 918 788 916 917 919 898 711(311 312 309 305 457(458 459) 462 463 310 763 313 542 315 241 242
  243 244 245 246 256 595 592 593 594 247 316 941 317 436 435 308 306 362 363 307 364 365 877 878
  318 879 810 882 883 884 885 886 887(888 889)) 140 54! 114 60! 232(233 234) 854 38 152 516 468
  469 40! 423 44 99 218 220 221 222 662 663 699 761 235 236 701 696 697 698 15 376 377 23 117 59
  168 432 126 427 12 13 479 497 528 529 582 121 120 775 58 354 355 193 192 640 77 203 210 211 835
  836 837 838 840 388 389 841 842 843 844 846 847 848 849 480 481 513 494
message F 41! 37 11! 526 583 66 586 1 660 581 453(448 447 452 802(523 803)) 55 65 48 22 454(455
  456) 460 461 167 762 200 541 201 224 225 239 226 227 228 255 543 470 471 472 240 202 947 206 231
  223 207 106 348 349 107 350 351 691 667 875 876 864(865 866 867 868) 873 874 913 914 915 918 788
  916 917 919 898 711(311 312 309 305 457(458 459) 462 463 310 763 313 542 315 241 242 243 244 245
  246 256 595 592 593 594 247 316 941 317 436 435 308 306 362 363 307 364 365 877 878 318 879 810
  882 883 884 885 886 887(888 889)) 54! 60! 38 152 516 468 469 376 58 354 355
message G 37 453(448 447 452 802(523 803)) 229 75 41! 11! 526 583 66 586 1 660 581 589 590 591 70
  78(79 661 736 467 539(524 525 538 804(545 805)) 80) 63 64 544 635 21 18 110 111 100 386(336 625)
  55 65 48 22 454(455 456) 460 461 167 762 200 541 201 224 225 239 226 227 228 255 543 470 471 472
  240 202 947 206 231 223 207 106 348 349 107 350 351 691 667 875 876 864(865 866 867 868) 873 874
  913 914 915 918 788 916 917 919 898 711(311 312 309 305 457(458 459) 462 463 310 763 313 542 315
  241 242 243 244 245 246 256 595 592 593 594 247 316 941 317 436 435 308 306 362 363 307 364 365
  877 878 318 879 810 882 883 884 885 886 887(888 889)) 54! 60! 854 38 152 516 468 469 40! 423 44
  99 218 220 221 222 662 663 699 761 235 236 701 696 697 698 211 835 836 837 838 840 388 389 841
  842 843 844 846 847 848 849 376 377 15 59 168 432 126 427 12 13 479 497 528 529 582 121 120 775
  58 354 355 193 192 640 77 203 210 114 480 481 513 494
message H 37 11! 526 583 453(448 447 452 802(523 803)) 790 1 660 55 65 48 22 454(455 456) 460 461
  167 762 200 541 201 224 225 239 226 227 228 255 543 470 471 472 240 202 947 206 231 223 207 106
  348 349 107 350 351 691 667 875 876 864(865 866 867 868) 873 874 913 914 915 918 788 916 917 919
  898 711(311 312 309 305 457(458 459) 462 463 310 763 313 542 315 241 242 243 244 245 246 256 595
  592 593 594 247 316 941 317 436 435 308 306 362 363 307 364 365 877 878 318 879 810 882 883 884
  885 886 887(888 889)) 54!
message 8 37! 198 526 527 11 41 583 693 790 584 911 912 453(448 447 452 802(523 803)) 229 382(375
  337 437 438 655) 66 548 551 549 17! 19 150! 39! 636 103 378 1 660 581 589 590 591 63 64 544 635
  55 65 48 22 454(455 456) 460 461 167 762 200 541 201 224 225 239 226 227 228 255 543 470 471 472
  240 202 947 206 231 223 207 106 348 349 107 350 351 691 667 875 876 864(865 866 867 868) 873 874
  913 914 915 918 788 916 917 919 898 711(311 312 309 305 457(458 459) 462 463 310 763 313 542 315
  241 242 243 244 245 246 256 595 592 593 594 247 316 941 317 436 435 308 306 362 363 307 364 365
  877 878 318 879 810 882 883 884 885 886 887(888 889)) 54! 232(233 234) 854 38 152 516 468 469 40
  423 44 99 211 835 836 837 838 840 388 389 841 842 843 844 846 839 845 847 848 849 850 15 376 377
  59 168 432 126 18 528 529 582 32 652 31 651 669 194 195 30 336 625 943 29 151! 14! 6! 424 425
  426 427 75 60 113 12 13 479 497 218 220 221 222 662 663 699 761 235 236 701 696 697 698 381 157
  230 158 159 738 920 921 922 258 259 260 238 237 118 119 120 155 156 21 110 111 77 210 775 58 354
  355 193 192 641 442 480 481 513 494 483 515 484 485 638 639 851 518(519 520 521) 555(600 601 602
  603 604(605 606) 607 608 609 764 610 611 248 249 250 251 252 253 257 599 596 597 598 254 612 942
  613 614 615 616 617 618 619 620 621 622 623 624 556 740 739 955 956 687 690 683(688 689) 564 565
  539(524 525 538 804(545 805)) 654 566 587 588 637) 797 136(137 138 139 891)
message 9 37! 198 526 11! 583 41! 39! 636 586 66 1 660 581 229 75 60 434! 102 58 354 355
message j 45 372! 379 380! 58 354 355
message AF 584! 585! 453(448 447 452 802(523 803)) 1 660 336 625 55 65 48 22 454(455 456) 460 461
  167 762 200 541 201 224 225 239 226 227 228 255 543 470 471 472 240 202 947 206 231 223 207 106
  348 349 107 350 351 691 667 875 876 864(865 866 867 868) 873 874 311 312 309 305 457(458 459)
  462 463 310 763 313 542 315 241 242 243 244 245 246 256 595 592 593 594 247 316 941 317 436 435
  308 306 362 363 307 364 365 877 878 318 879 810 882 883 884 885 886 887(888 889) 54
"""
