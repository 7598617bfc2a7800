"""The actors of an engine: who they are, and who asks and tells whom.

The supervisor starts them in this order and stops them in reverse. An actor that crashes takes
those below it along, so nobody holds a reference to a former one:

    supervisor
    ├── repository      storage/         makes every write; watches the schema and the database
    ├── reader-1, -2    reading/         answer the queries of REST
    ├── securities      securities/      securityId → ticker, kept for 60 s
    ├── pricing         pricing.py       fresh prices for a batch of tickers
    ├── dead-letters    publishing/      bad orders → Kafka
    ├── publisher       publishing/      fills → Kafka; also the fills that dead engines left behind
    ├── desk            changing/        cancels and replaces executions, in turn with claims
    ├── scheduler       filling/         claim what is due → ask prices → apply the rules → store
    ├── intake          intake/          poll → decode → ask tickers → store → commit offsets
    └── housekeeping    housekeeping.py  deletes old executions; runs only with RETENTION_DAYS

An actor asks only those above it, so no two wait for each other. Whoever asks waits for the reply,
and always with a deadline:

    rest         asks  reader        GetExecutionsById GetExecutions GetFills AddUpExecutions GetLag
    rest         asks  desk          ChangeExecution
    intake       asks  repository    StoreOrders TakePlace
    intake       asks  securities    ResolveTickers
    intake       asks  dead-letters  FinishDeadLetters
    scheduler    asks  repository    ClaimDue StoreFills
    scheduler    asks  pricing       GetPrices
    publisher    asks  repository    GetUnpublished TakeOverOutbox MarkPublished
    housekeeping asks  repository    ForgetExecutions ForgetMessages DropParts

News goes both ways, and nobody waits for it. News may be lost with a mailbox: what counts is the
committed offset and the database.

    reader       tells repository    QueryFailed QueryAnswered
    publisher    tells dead-letters  DeadLetterTopic
    scheduler    tells repository    AbandonClaim
    scheduler    tells publisher     PublishFills
    desk         tells publisher     PublishFills
    intake       tells dead-letters  WriteDeadLetters ForgetDeadLetters
    intake       tells scheduler     OrdersStored
    repository   tells scheduler     ExecutionsFreed
    securities   tells intake        TickersArrived
    dead-letters tells intake        DeadLettersWritten
    publisher    tells scheduler     FillsPublished
"""
