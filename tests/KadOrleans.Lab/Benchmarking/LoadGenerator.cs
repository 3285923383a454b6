using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KadOrleans.Lab;

/// <summary>
/// Keeps requests under way and times their answers. Each of them has a place whose datagram is written once; from then on
/// only its ids change, and a value. The message id has the number of the place, so an answer is found without a search. Used by
/// one thread.
/// </summary>
internal sealed class LoadGenerator(LoadSocket socket)
{
    public const int MostInFlight = 65_536;

    // Place and turn in the message id; what follows them is random, so that nobody answers unasked.
    private const int TurnAt = sizeof(int);
    private const int SecretAt = TurnAt + sizeof(int);

    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(10);

    // A request that is not answered within it counts as lost.
    private static readonly long Patience = Stopwatch.Frequency;

    private readonly Random _random = new();
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(MessageId.Length - SecretAt);
    private readonly byte[] _datagrams = new byte[MostInFlight * RequestTemplate.MaxLength];
    private readonly Place[] _places = new Place[MostInFlight];
    private readonly int[] _free = new int[MostInFlight];
    private readonly Dictionary<UdpEndpoint, LoadTarget> _targets = [];
    private LoadTarget? _target;
    private RequestTemplate[] _round = [];
    private NodeId[] _senders = [];
    private Load _load = new(default, [], 0, TimeSpan.Zero);
    private LoadResult _result = new();
    private int _freeCount;
    private int _nextRequest;
    private int _nextKey;
    private int _nextSource;
    private long _lastValue;
    private long _answered;

    public long Answered => Volatile.Read(ref _answered);

    public void Know(LoadTarget target) => _targets[target.Endpoint] = target;

    public void Serve(Func<bool> isOver)
    {
        while (!isOver())
        {
            Receive(LongestWait, isInTime: false);
        }
    }

    /// <summary>Sends requests for as long as the load says, and waits for those under way then.</summary>
    public void Run(LoadTarget target, Load load, LoadResult result, CancellationToken cancellationToken)
    {
        Know(target);
        socket.SetTarget(target.Endpoint, target.IsLocal);
        (_target, _round, _senders) = (target, target.Protocol.RoundOf(load.Operation), load.Senders ?? target.Senders);
        (_load, _result, _freeCount, _nextRequest, _nextKey, _nextSource) = (load, result, 0, 0, 0, -1);
        for (var place = load.InFlight - 1; place >= 0; place--)
        {
            _places[place].Request = null;
            _free[_freeCount++] = place;
        }

        var startedAt = Stopwatch.GetTimestamp();
        var sweepAt = startedAt + Patience;
        var endAt = startedAt + (long)(load.Duration.TotalSeconds * Stopwatch.Frequency);
        var now = startedAt;
        var (secondAt, before) = (startedAt + Stopwatch.Frequency, result.Answered);
        for (long sent = 0; now < endAt && sent < load.MostRequests; now = Stopwatch.GetTimestamp())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (now >= secondAt)
            {
                result.EachSecond.Add(result.Answered - before);
                (secondAt, before) = (secondAt + Stopwatch.Frequency, result.Answered);
            }

            sent = SendDue(sent, startedAt, now);
            Receive(WaitBefore(sent, startedAt, now), isInTime: true);
            if (now > sweepAt)
            {
                GiveUp(now - Patience);
                sweepAt = now + (Patience / 10);
            }
        }

        if (now >= secondAt)
        {
            result.EachSecond.Add(result.Answered - before);
        }

        result.Elapsed += Stopwatch.GetElapsedTime(startedAt, now);
        for (var until = now + Patience; _freeCount < load.InFlight && Stopwatch.GetTimestamp() < until;)
        {
            Receive(LongestWait, isInTime: false);
        }

        GiveUp(long.MaxValue);
    }

    private long SendDue(long sent, long startedAt, long now)
    {
        var due = _load.Rate is { } rate ? (long)((now - startedAt) / (double)Stopwatch.Frequency * rate) + 1 : long.MaxValue;
        for (due = Math.Min(due, _load.MostRequests); _freeCount > 0 && sent < due; sent++)
        {
            // Timed from when it was due: else a target that keeps requests waiting would choose what is measured.
            Send(_load.Rate is null ? now : DueAt(sent, startedAt));
        }

        socket.Flush();
        return sent;
    }

    private TimeSpan WaitBefore(long next, long startedAt, long now)
    {
        var wait = _load.Rate is null || _freeCount == 0 ? LongestWait : Stopwatch.GetElapsedTime(now, DueAt(next, startedAt));
        return wait < LongestWait ? wait : LongestWait;
    }

    private long DueAt(long request, long startedAt) =>
        startedAt + (long)(request / (double)_load.Rate!.Value * Stopwatch.Frequency);

    private void Send(long since)
    {
        var index = _free[--_freeCount];
        ref var place = ref _places[index];
        var source = _nextSource = _nextSource + 1 < _senders.Length ? _nextSource + 1 : 0;
        var request = _round[_nextRequest];
        _nextRequest = _nextRequest + 1 < _round.Length ? _nextRequest + 1 : 0;
        var bytes = _datagrams.AsSpan(index * RequestTemplate.MaxLength, RequestTemplate.MaxLength);
        if (!ReferenceEquals(place.Request, request))
        {
            place.Request = request;
            request.Bytes.CopyTo(bytes);
            MemoryMarshal.Write(bytes[request.IdAt..], index);
            _secret.CopyTo(bytes[(request.IdAt + SecretAt)..]);
        }

        _senders[source].CopyTo(bytes[request.SenderAt..]);
        MemoryMarshal.Write(bytes[(request.IdAt + TurnAt)..], ++place.Turn);
        if (request.KeyAt >= 0 && _load.Operation == BenchOperation.StoreNew)
        {
            // No two of so many random bytes are the same.
            _random.NextBytes(bytes.Slice(request.KeyAt, NodeId.Length));
        }
        else if (request.KeyAt >= 0)
        {
            _load.Keys.AsSpan(_nextKey, NodeId.Length).CopyTo(bytes[request.KeyAt..]);
            _nextKey = _nextKey + NodeId.Length < _load.Keys.Length ? _nextKey + NodeId.Length : 0;
        }

        if (request.ValueAt >= 0)
        {
            // A value that is held already costs a node hardly anything.
            MemoryMarshal.Write(bytes[request.ValueAt..], ++_lastValue);
        }

        (place.Since, place.IsUnderWay) = (since, true);
        socket.Queue(bytes[..request.Bytes.Length], source);
    }

    private void Receive(TimeSpan longest, bool isInTime)
    {
        var count = socket.Receive(longest);
        var now = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            if (!_targets.TryGetValue(socket.SenderOf(i), out var target))
            {
                continue;
            }

            var datagram = socket.Datagram(i);
            if (target.Protocol.FindAnswer(datagram) is >= 0 and var at)
            {
                Complete(target, datagram, datagram.Slice(at, MessageId.Length), now, isInTime);
            }
            else if (target.Protocol.Answer(datagram, target.IsLocal ? socket.SourceOf(i) : 0) is { Length: > 0 } answer)
            {
                socket.Reply(answer, i);
            }
        }
    }

    private void Complete(LoadTarget target, ReadOnlySpan<byte> answer, ReadOnlySpan<byte> id, long now, bool isInTime)
    {
        var index = MemoryMarshal.Read<int>(id);
        if (target != _target || (uint)index >= (uint)_load.InFlight || !id[SecretAt..].SequenceEqual(_secret))
        {
            return;
        }

        ref var place = ref _places[index];
        if (place.IsUnderWay && MemoryMarshal.Read<int>(id[TurnAt..]) == place.Turn)
        {
            _result.Add(place.Request!, answer, Stopwatch.GetElapsedTime(place.Since, now), isInTime);
            place.IsUnderWay = false;
            _free[_freeCount++] = index;
            Volatile.Write(ref _answered, _answered + 1);
        }
    }

    private void GiveUp(long sentBefore)
    {
        for (var index = 0; index < _load.InFlight; index++)
        {
            ref var place = ref _places[index];
            if (place.IsUnderWay && place.Since < sentBefore)
            {
                place.IsUnderWay = false;
                _free[_freeCount++] = index;
                _result.Lost++;
            }
        }
    }

    private struct Place
    {
        public RequestTemplate? Request;
        public long Since;
        public int Turn;
        public bool IsUnderWay;
    }
}

/// <summary>
/// What a <see cref="LoadGenerator"/> sends, over and over. Keys have 20 bytes each, one behind the other;
/// <see cref="BenchOperation.StoreNew"/> makes its own.
/// </summary>
internal sealed record Load(BenchOperation Operation, byte[] Keys, int InFlight, TimeSpan Duration)
{
    /// <summary>Requests per second, sent when they are due; null sends one whenever another was answered or given up.</summary>
    public int? Rate { get; init; }

    /// <summary>The ids that sources ask under, if not those of the target.</summary>
    public NodeId[]? Senders { get; init; }

    public long MostRequests { get; init; } = long.MaxValue;
}
