namespace KadOrleans.Lab;

/// <summary>Counts datagrams and bytes by the type of request; an answer counts under its request's.</summary>
public sealed class TrafficMeter
{
    private static readonly TimeSpan Generation = TimeSpan.FromSeconds(20);

    private readonly TrafficCount[] _counts = new TrafficCount[Enum.GetValues<RequestKind>().Length];
    private Dictionary<MessageId, RequestKind> _current = [];
    private Dictionary<MessageId, RequestKind> _previous = [];
    private TimeSpan _turnedAt;

    internal TrafficCount this[RequestKind kind] => _counts[(int)kind];

    public TrafficCount Other { get; private set; }

    public long Requests { get; private set; }

    /// <summary>Told the key of each STORE that begins a life: a publication goes out.</summary>
    internal Action<NodeId>? OnPublication { get; set; }

    public void Reset()
    {
        Array.Clear(_counts);
        Other = default;
    }

    internal void Count(ReadOnlySpan<byte> datagram, TimeSpan now)
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
            _current[id] = request.Kind;
            ref var count = ref _counts[(int)request.Kind];
            count = count.WithRequest(datagram.Length);
            if (request.Kind == RequestKind.Store && request.AsStore() is { SecondsLeft: null } store)
            {
                OnPublication?.Invoke(store.Key);
            }
        }
    }

    private void CountAnswer(MessageId id, int length)
    {
        if (_current.Remove(id, out var asked) || _previous.Remove(id, out asked))
        {
            ref var count = ref _counts[(int)asked];
            count = count.WithOther(length) with { Answers = count.Answers + 1 };
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
}

/// <summary>Datagrams of one type with retries and losses; bytes are those without headers of IP and UDP.</summary>
public readonly record struct TrafficCount(long Requests, long Answers, long Datagrams, long Bytes)
{
    public static TrafficCount operator +(TrafficCount left, TrafficCount right) => new(
        left.Requests + right.Requests, left.Answers + right.Answers, left.Datagrams + right.Datagrams, left.Bytes + right.Bytes);

    internal TrafficCount WithRequest(int bytes) => WithOther(bytes) with { Requests = Requests + 1 };

    internal TrafficCount WithOther(int bytes) => this with { Datagrams = Datagrams + 1, Bytes = Bytes + bytes };
}
