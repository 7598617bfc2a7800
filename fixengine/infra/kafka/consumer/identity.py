"""Which topic has a name now, looked at again and again."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from loguru import logger

from fixengine.infra.kafka.inquiry import Inquiry, Questions
from fixengine.infra.kafka.topic_ids import id_of


class Identity:
    """The `id` of a topic is empty as long as it is not known."""

    def __init__(self, connection: Mapping[str, Any], topic: str) -> None:
        self._questions = Questions(connection)
        self._inquiry = Inquiry(lambda: self._questions.topic(topic))
        self.id = ""
        self.missing = False

    def forget(self) -> None:
        """Ask anew: only an answer to a question that is still to be asked counts."""
        self._inquiry.again()
        self.id = ""

    def look(self) -> None:
        """Take an answer if there is one, ask if it is time; call it now and then."""
        try:
            found = self._inquiry.answer()
        except KafkaException as error:
            self.missing = error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART
            logger.bind(error=str(error)).debug("the topic can't be described")
            return
        if found is not None:
            self.missing = False
            self.id = id_of(found)

    def close(self) -> None:
        """Look no more."""
        self._questions.close()
