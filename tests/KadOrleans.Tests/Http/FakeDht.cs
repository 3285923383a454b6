using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace KadOrleans.Tests.Http;

/// <summary>A DHT in memory, whose failures a test chooses.</summary>
internal sealed class FakeDht : IDht, IDhtItems
{
    private readonly ConcurrentDictionary<NodeId, DhtValue> _values = new();
    private readonly ConcurrentDictionary<NodeId, long> _versions = new();
    private readonly ConcurrentDictionary<NodeId, long> _calls = new();
    private long _version = 1_000;
    private readonly Channel<KeyChange> _changes = Channel.CreateUnbounded<KeyChange>();

    /// <summary>Thrown by every call, if set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>The result of each set, if set: no value is taken.</summary>
    public SetResult? Refusal { get; set; }

    /// <summary>The calls in their order.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    public void Tell(string key, DhtValue? value) => _changes.Writer.TryWrite(new KeyChange(NodeId.FromKey(key), value));

    public Task WaitUntilReadyAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        Record("get", key);
        return Task.FromResult(_values.TryGetValue(key, out var value)
            ? new GetResult(value, null) { Version = ValueVersion.Of(_versions[key]) }
            : new GetResult(null, Outcome(key)));
    }

    public Task<SetResult> SetAsync(
        NodeId key, DhtValue value, SetAcknowledgement acknowledgement, CancellationToken cancellationToken = default)
    {
        Record(acknowledgement == SetAcknowledgement.Durable ? "durable" : "set", key);
        if (Refusal is { } refusal)
        {
            return Task.FromResult(refusal with { Lookup = Outcome(key) });
        }

        return Task.FromResult(new SetResult { Stored = 3, Publication = StoreResult.Stored, Version = Hold(key, value) });
    }

    private ValueVersion Hold(NodeId key, DhtValue value)
    {
        _calls.TryRemove(key, out _);
        (_values[key], _versions[key]) = (value, Interlocked.Increment(ref _version));
        return ValueVersion.Of(_versions[key]);
    }

    public Task<SetResult> SetAsync(NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken = default)
    {
        Record($"set for {life.TotalSeconds} s", key);
        if (_values.TryGetValue(key, out var held) && held != value)
        {
            return Task.FromResult(new SetResult { Local = StoreResult.Outdated });
        }

        return Task.FromResult(new SetResult { Stored = 3, Local = StoreResult.Stored, Version = Hold(key, value) });
    }

    public async Task<SetResult> SetIfAsync(
        NodeId key, DhtValue value, ValueVersion expected, SetAcknowledgement acknowledgement, TimeSpan? life, long callId, CancellationToken cancellationToken)
    {
        var held = (await GetAsync(key, cancellationToken)).Version;
        if (callId != 0 && _calls.GetValueOrDefault(key) == callId)
        {
            return new SetResult { Local = StoreResult.Stored, Version = held };
        }

        if (held != expected)
        {
            return new SetResult { Local = callId == 0 ? StoreResult.Superseded : StoreResult.Unknown };
        }

        var result = life is { } chosen ? await SetAsync(key, value, chosen, cancellationToken) : await SetAsync(key, value, acknowledgement, cancellationToken);
        _calls[key] = callId;
        return result;
    }

    public async Task<DeleteResult> DeleteIfAsync(NodeId key, ValueVersion expected, long callId, CancellationToken cancellationToken)
    {
        if ((await GetAsync(key, cancellationToken)).Version != expected)
        {
            return callId == 0 ? DeleteResult.Superseded : DeleteResult.Unknown;
        }

        Record("delete if", key);
        _values.TryRemove(key, out _);
        return DeleteResult.Deleted;
    }

    public Task<GetResult> GetFromAllAsync(NodeId key, CancellationToken cancellationToken = default) => GetAsync(key, cancellationToken);

    public Task<SetResult> KeepAsync(NodeId key, DhtValue item, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        Record($"keep until {until.UtcDateTime:u}", key);
        if (Refusal is { } refusal)
        {
            return Task.FromResult(refusal);
        }

        Hold(key, item);
        return Task.FromResult(new SetResult { Local = StoreResult.Stored, Stored = 3, Publication = StoreResult.Stored });
    }

    public Task<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        Record("unpublish", key);
        return Task.FromResult(_values.TryRemove(key, out _));
    }

    public async IAsyncEnumerable<KeyChange> WatchAsync(NodeId key, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        yield return new KeyChange(key, (await GetAsync(key, cancellationToken)).Value);
        await foreach (var change in _changes.Reader.ReadAllAsync(cancellationToken))
        {
            yield return change;
        }
    }

    public Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default)
    {
        Record("find", target);
        return Task.FromResult(Outcome(target) with { Closest = [new Contact(NodeId.MaxValue, UdpEndpoint.Parse("192.0.2.1:8468"))] });
    }

    public Task<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    // Not noted: the console asks for it too.
    public Task<DhtStatus> GetStatusAsync(CancellationToken cancellationToken = default) => Task.FromResult(Statuses.TryDequeue(out var next) ? _last = next : _last);

    /// <summary>What the status is at each call in turn. The last one stays.</summary>
    public Queue<DhtStatus> Statuses { get; } = new();

    private DhtStatus _last = new(
        [new DhtNodeStatus("edge", [NodeId.MaxValue], [UdpEndpoint.Parse("192.0.2.1:8468")], 5, new Dictionary<string, long> { ["received.Ping"] = 1 })]);

    private static LookupOutcome Outcome(NodeId target) => Samples.Lookup with { Target = target, Asked = 5, Answered = 3, Failed = 2 };

    private void Record(string call, NodeId key) => Calls.Enqueue(Failure is { } failure ? throw failure : $"{call} {key}");
}
