using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

// Records all traffic, and checks its rules. The node sends well-formed datagrams, answers each request at most once, and does
// not flood strangers.
internal sealed class TrafficLedger(ManualTimeProvider clock, NodeId ownId)
{
    /// <summary>Bytes of answers and pings per received byte that an unverified source may draw.</summary>
    private const int MaxAmplification = 2;

    /// <summary>Answers to one endpoint that may be held, and so be sent at once: to 32 requests and 256 STOREs.</summary>
    private const int MaxHeld = 32 + 256;

    // More than all bounds on the node's concurrent requests allow. These are 2,000 checks, 200 pings of candidates, 256 of each
    // of a few lookups, and a ping for each stranger's request.
    private const int MaxPending = 5_000;

    /// <summary>No request waits for longer, its retry included.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private readonly Dictionary<UdpEndpoint, Correspondent> _correspondents = [];
    private readonly HashSet<Contact> _proven = [];
    private readonly Contact[] _contacts = new Contact[64];
    private int _answersInCall;

    /// <summary>Requests of the node's that may still be answered, the oldest first.</summary>
    public List<OpenRequest> Pending { get; } = [];

    public long Sent { get; private set; }

    /// <summary>The node is told to ask this endpoint: what it sends there is not drawn by a stranger.</summary>
    public void Introduce(UdpEndpoint endpoint) => Of(endpoint).IsIntroduced = true;

    /// <summary>Whether an endpoint said by itself, in answer to a PING, that it has this id.</summary>
    public bool IsProven(Contact contact) => _proven.Contains(contact);

    public void Expire()
    {
        Pending.RemoveAll(request => clock.Elapsed - request.SentAt > LongestWait);
        Require(Pending.Count <= MaxPending, "too many requests are under way");
    }

    /// <summary>Enters a datagram that the node is about to receive. Returns whether it means anything to it.</summary>
    public bool OnReceiving(ReadOnlySpan<byte> datagram, UdpEndpoint source)
    {
        _answersInCall = 0;
        var sender = Of(source);
        sender.BytesFrom += datagram.Length;
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body))
        {
            return false;
        }

        if (kind == DatagramKind.Response)
        {
            return OnAnswering(sender, id, source, body);
        }

        if (!Request.TryDecode(body, out var request))
        {
            return false;
        }

        sender.Asked.Add((id, request.Kind));
        return true;
    }

    public void OnSent(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        Sent++;
        Require(
            Datagram.TryReadHeader(datagram, out var kind, out var id, out var body),
            $"a datagram of {datagram.Length} bytes is sent that is none");
        var receiver = Of(destination);
        var drawn = true;
        if (kind == DatagramKind.Request)
        {
            drawn = OnRequestSent(id, body, destination) == RequestKind.Ping && receiver.LookupPings-- <= 0;
        }
        else
        {
            OnAnswerSent(receiver, id, body);
        }

        receiver.BytesTo += drawn ? datagram.Length : 0;
        RequireNoFlood(receiver, destination);
    }

    private bool OnAnswering(Correspondent sender, MessageId id, UdpEndpoint source, ReadOnlySpan<byte> body)
    {
        var index = Pending.FindIndex(request => request.Id == id && request.Destination == source);
        if (index < 0)
        {
            return false;
        }

        var kind = Pending[index].Kind;
        Pending.RemoveAt(index);
        sender.IsVerified = true;
        if (kind == RequestKind.Ping && ResponseReader.TryReadPong(body, out var sendersId))
        {
            _proven.Add(new Contact(sendersId, source));
        }

        return IsAnswer(kind, body);
    }

    private RequestKind OnRequestSent(MessageId id, ReadOnlySpan<byte> body, UdpEndpoint destination)
    {
        Require(Request.TryDecode(body, out var request), "a request is sent that cannot be read");
        Require(request.Kind != RequestKind.Ping || request.Sender == ownId, "a ping names another sender");
        var sent = Pending.Find(pending => pending.Id == id && pending.Destination == destination);
        Require(sent is null, "a message id is used twice");
        Pending.Add(new OpenRequest(id, destination, request.Kind, clock.Elapsed));
        if (request.Kind is RequestKind.FindNode or RequestKind.FindValue)
        {
            // Lookups ask whom others name, and who that is; that is bounded by the lookup, and no doing of the one asked.
            Of(destination).LookupPings = 2;
        }

        return request.Kind;
    }

    private void OnAnswerSent(Correspondent receiver, MessageId id, ReadOnlySpan<byte> body)
    {
        Require(++_answersInCall <= MaxHeld, "one datagram draws more answers than may be held");
        var index = -1;
        for (var i = 0; i < receiver.Asked.Count && index < 0; i++)
        {
            index = receiver.Asked[i].Id == id && IsAnswer(receiver.Asked[i].Kind, body) ? i : -1;
        }

        Require(index >= 0, $"an answer is sent to no request of its receiver: {Convert.ToHexStringLower(body)}");
        receiver.Asked.RemoveAt(index);
    }

    private static void RequireNoFlood(Correspondent receiver, UdpEndpoint destination)
    {
        Require(
            receiver.IsVerified || receiver.IsIntroduced || receiver.BytesTo <= MaxAmplification * receiver.BytesFrom,
            $"{destination} is unverified, sent {receiver.BytesFrom} bytes and is sent {receiver.BytesTo}");
    }

    private bool IsAnswer(RequestKind kind, ReadOnlySpan<byte> body) => kind switch
    {
        RequestKind.Ping => ResponseReader.TryReadPong(body, out _) || ResponseReader.IsEmptyPong(body),
        RequestKind.Stun => ResponseReader.TryReadStun(body, out _),
        RequestKind.Store => ResponseReader.TryReadStored(body, out _),
        RequestKind.FindNode => ResponseReader.TryReadNodes(body, _contacts, out _),
        _ => ResponseReader.TryReadFindValue(body, _contacts, out _, out _),
    };

    private Correspondent Of(UdpEndpoint endpoint)
    {
        if (!_correspondents.TryGetValue(endpoint, out var correspondent))
        {
            _correspondents.Add(endpoint, correspondent = new Correspondent());
        }

        return correspondent;
    }
}

internal sealed class Correspondent
{
    public long BytesFrom { get; set; }

    public long BytesTo { get; set; }

    /// <summary>Whether the node was told to ask it.</summary>
    public bool IsIntroduced { get; set; }

    /// <summary>Whether it answered a request of the node's.</summary>
    public bool IsVerified { get; set; }

    /// <summary>Requests that it sent and that no answer went out to.</summary>
    public List<(MessageId Id, RequestKind Kind)> Asked { get; } = [];

    /// <summary>Pings that a lookup may send it: one with its request, and its retry.</summary>
    public int LookupPings { get; set; }
}

/// <summary>One sending of a request of the node's that nothing was answered to; a retry is another.</summary>
internal sealed record OpenRequest(MessageId Id, UdpEndpoint Destination, RequestKind Kind, TimeSpan SentAt);

/// <summary>Enters what the node sends into the ledger, and carries it nowhere.</summary>
internal sealed class LedgerTransport(TrafficLedger ledger) : IDatagramTransport
{
    public static readonly UdpEndpoint Own = UdpEndpoint.Parse("11.0.0.1:8468");

    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; } = [Own];

    public void Start(IDatagramReceiver receiver)
    {
        // Datagrams are handed to the node directly.
    }

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        ledger.OnSent(datagram, destination);
        return destination.IsUnicast;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
