// QuickFIX/J as a client, in a process of its own: `java -cp … QuickfixClient.java SETTINGS`.
// It understands what quickfix_client.py does.

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import quickfix.ApplicationAdapter;
import quickfix.DefaultMessageFactory;
import quickfix.FieldNotFound;
import quickfix.FileLogFactory;
import quickfix.FileStoreFactory;
import quickfix.Message;
import quickfix.Session;
import quickfix.SessionID;
import quickfix.SessionSettings;
import quickfix.SocketInitiator;

public class QuickfixClient extends ApplicationAdapter {
    private final SessionSettings settings;
    private final List<String> messages = Collections.synchronizedList(new ArrayList<>());
    private volatile SessionID id;
    private volatile int logons;

    private QuickfixClient(SessionSettings settings) {
        this.settings = settings;
    }

    public static void main(String[] arguments) throws Exception {
        SessionSettings settings = new SessionSettings(new FileInputStream(arguments[0]));
        QuickfixClient client = new QuickfixClient(settings);
        SocketInitiator initiator = new SocketInitiator(
                client, new FileStoreFactory(settings), settings, new FileLogFactory(settings),
                new DefaultMessageFactory());
        initiator.start();
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = commands.readLine()) != null; ) {
            System.out.println(client.carryOut(line.trim()));
            System.out.flush();
        }
        initiator.stop();
        System.exit(0);
    }

    private String carryOut(String command) throws Exception {
        String[] words = command.split(" ", 3);
        Session session = Session.lookupSession(id);
        switch (words[0]) {
            case "send":
                send(words[1], words[2]);
                return "{}";
            case "again":
                session.setNextTargetMsgSeqNum(1);
                send("1", "112=AGAIN"); // its answer shows the gap
                return "{}";
            case "book":
                return book(session);
            default:
                return "{}";
        }
    }

    private String book(Session session) throws Exception {
        String list;
        synchronized (messages) {
            list = messages.stream().map(QuickfixClient::quoted).collect(Collectors.joining(","));
        }
        return String.format(
                "{\"logons\":%d,\"is_logged_on\":%b,\"next_in\":%d,\"next_out\":%d,\"messages\":[%s]}",
                logons, session.isLoggedOn(), session.getExpectedTargetNum(),
                session.getExpectedSenderNum(), list);
    }

    private static String quoted(String message) {
        String text = message.replace("\\", "\\\\").replace("\"", "\\\"").replace('\001', '|');
        return "\"" + text + "\"";
    }

    private void send(String kind, String fields) throws Exception {
        Message message = new Message();
        message.getHeader().setString(35, kind);
        for (String field : fields.split("\\|")) {
            int equals = field.indexOf('=');
            int tag = Integer.parseInt(field.substring(0, equals));
            message.setString(tag, field.substring(equals + 1));
        }
        Session.sendToTarget(message, id);
    }

    @Override
    public void onCreate(SessionID created) {
        id = created;
    }

    @Override
    public void onLogon(SessionID of) {
        logons++;
    }

    @Override
    public void toAdmin(Message message, SessionID of) {
        try {
            if (message.getHeader().getString(35).equals("A")) {
                if (settings.isSetting(of, "Username")) {
                    message.setString(553, settings.getString(of, "Username"));
                }
                if (settings.isSetting(of, "Password")) {
                    message.setString(554, settings.getString(of, "Password"));
                }
            }
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    @Override
    public void fromAdmin(Message message, SessionID of) throws FieldNotFound {
        if (message.getHeader().getString(35).equals("3")) { // Reject
            messages.add(message.toString());
        }
    }

    @Override
    public void fromApp(Message message, SessionID of) {
        messages.add(message.toString());
    }
}
