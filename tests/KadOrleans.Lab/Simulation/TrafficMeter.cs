namespace KadOrleans.Lab;

/// <summary>Counts datagrams and bytes by the type of request; an answer counts under its request's.</summary>
public sealed class TrafficMeter
{
    private static readonly TimeSpan Generation = TimeSpan.FromSeconds(20);

    private readonly TrafficCount[] _counts = new TrafficCount[Enum.GetValues<RequestKind>().Length];
    private Dictionary<MessageId, Asked> _current = [];
    private Dictionary<MessageId, Asked> _previous = [];
    private TimeSpan _turnedAt;

    internal TrafficCount this[RequestKind kind] => _counts[(int)kind];

    public TrafficCount Other { get; private set; }

    /// <summary>What <see cref="IsApart"/> keeps apart, answers included.</summary>
    public TrafficCount Apart { get; private set; }

    public long Requests { get; private set; }

    /// <summary>Told the key of each STORE that begins a life: a publication goes out.</summary>
    internal Action<NodeId>? OnPublication { get; set; }

    /// <summary>Told the key, sender and receiver of each STORE, retries included.</summary>
    internal Action<NodeId, UdpEndpoint, UdpEndpoint>? OnStore { get; set; }

    /// <summary>Whether a request of this type, sender and receiver is counted in <see cref="Apart"/>, and under no type.</summary>
    internal Func<RequestKind, UdpEndpoint, UdpEndpoint, bool>? IsApart { get; set; }

    public void Reset()
    {
        Array.Clear(_counts);
        (Other, Apart) = (default, default);
    }

    internal void Count(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint destination, TimeSpan now)
    {
        TurnIfOld(now);
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body))
        {
            Other = Other.WithOther(datagram.Length);
        }
        else if (kind != DatagramKind.Request)
        {
            CountAnswer(id, datagram.Length);
        }
        else if (Request.TryDecode(body, out var request))
        {
            Requests++;
            var asked = new Asked(request.Kind, IsApart?.Invoke(request.Kind, source, destination) == true);
            _current[id] = asked;
            Record(asked, static (count, length) => count.WithRequest(length), datagram.Length);
            if (request.Kind == RequestKind.Store)
            {
                OnStore?.Invoke(request.Target, source, destination);
                TellPublication(request);
            }
        }
    }

    private void TellPublication(Request request)
    {
        if (OnPublication is { } told && request.AsStore() is { SecondsLeft: null } store)
        {
            told(store.Key);
        }
    }

    private void Record(Asked asked, Func<TrafficCount, int, TrafficCount> add, int length)
    {
        if (asked.IsApart)
        {
            Apart = add(Apart, length);
        }
        else
        {
            ref var count = ref _counts[(int)asked.Kind];
            count = add(count, length);
        }
    }

    private void CountAnswer(MessageId id, int length)
    {
        if (_current.Remove(id, out var asked) || _previous.Remove(id, out asked))
        {
            Record(asked, static (count, bytes) => count.WithOther(bytes) with { Answers = count.Answers + 1 }, length);
        }
        else
        {
            Other = Other.WithOther(length);
        }
    }

    private void TurnIfOld(TimeSpan now)
    {
        if (now - _turnedAt >= Generation)
        {
            (_current, _previous) = (_previous, _current);
            _current.Clear();
            _turnedAt = now;
        }
    }

    private readonly record struct Asked(RequestKind Kind, bool IsApart);
}

/// <summary>Datagrams of one type with retries and losses; bytes are those without headers of IP and UDP.</summary>
public readonly record struct TrafficCount(long Requests, long Answers, long Datagrams, long Bytes)
{
    public static TrafficCount operator +(TrafficCount left, TrafficCount right) => new(
        left.Requests + right.Requests, left.Answers + right.Answers, left.Datagrams + right.Datagrams, left.Bytes + right.Bytes);

    internal TrafficCount WithRequest(int bytes) => WithOther(bytes) with { Requests = Requests + 1 };

    internal TrafficCount WithOther(int bytes) => this with { Datagrams = Datagrams + 1, Bytes = Bytes + bytes };
}
