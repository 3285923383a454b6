using System.Runtime.CompilerServices;

namespace KadOrleans.Tests.Lab;

/// <summary>One of several processes before one DHT. It and its clients are apart: calls and answers take their time.</summary>
internal class Front(IDht inner, ManualTimeProvider time, SeededRandomSource random) : IDht
{
    protected IDht Inner => inner;

    protected SeededRandomSource Random => random;

    protected TimeProvider Time => time;

    public Task WaitUntilReadyAsync(CancellationToken cancellationToken = default) => inner.WaitUntilReadyAsync(cancellationToken);

    public Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default) => ApartAsync(() => ReadAsync(key));

    public Task<SetResult> SetAsync(NodeId key, DhtValue value, SetAcknowledgement acknowledgement, CancellationToken cancellationToken = default) =>
        ApartAsync(() => WriteAsync(key, value, null));

    public Task<SetResult> SetIfAsync(
        NodeId key,
        DhtValue value,
        ValueVersion expected,
        SetAcknowledgement acknowledgement,
        TimeSpan? life = null,
        long callId = 0,
        CancellationToken cancellationToken = default) => ApartAsync(() => WriteAsync(key, value, expected));

    public Task<DeleteResult> DeleteIfAsync(NodeId key, ValueVersion expected, long callId = 0, CancellationToken cancellationToken = default) =>
        ApartAsync(() => inner.DeleteIfAsync(key, expected, callId, cancellationToken));

    public Task<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default) => ApartAsync(() => inner.UnpublishAsync(key, cancellationToken));

    public Task<SetResult> SetAsync(NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async IAsyncEnumerable<KeyChange> WatchAsync(NodeId key, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask;
        yield break;
    }

    public Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default) => inner.FindNodeAsync(target, cancellationToken);

    public Task<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default) => inner.PingAsync(endpoint, cancellationToken);

    public Task<DhtStatus> GetStatusAsync(CancellationToken cancellationToken = default) => inner.GetStatusAsync(cancellationToken);

    protected virtual Task<GetResult> ReadAsync(NodeId key) => inner.GetAsync(key);

    protected virtual Task<SetResult> WriteAsync(NodeId key, DhtValue value, ValueVersion? expected) => expected is null
        ? inner.SetAsync(key, value, SetAcknowledgement.Network)
        : inner.SetIfAsync(key, value, expected.Value, SetAcknowledgement.Network);

    /// <summary>Waits for up to so many milliseconds.</summary>
    protected Task PauseAsync(int most) => Task.Delay(TimeSpan.FromMilliseconds(1 + random.Next(most)), time);

    private async Task<T> ApartAsync<T>(Func<Task<T>> call)
    {
        await PauseAsync(30);
        var result = await call();
        await PauseAsync(30);
        return result;
    }
}

/// <summary>It is frozen between what it reads and what it writes, and nothing tells its late write from others.</summary>
internal sealed class UnfencedFront(IDht inner, ManualTimeProvider time, SeededRandomSource random) : Front(inner, time, random)
{
    protected override async Task<SetResult> WriteAsync(NodeId key, DhtValue value, ValueVersion? expected)
    {
        if (expected is null || Random.Next(20) > 0)
        {
            return await base.WriteAsync(key, value, expected);
        }

        if ((await Inner.GetAsync(key)).Version != expected)
        {
            return new SetResult { Local = StoreResult.Superseded };
        }

        await PauseAsync(5_000);
        return await base.WriteAsync(key, value, null);
    }
}

/// <summary>It remembers what it read, and does not forget it when others write.</summary>
internal sealed class CachingFront(IDht inner, ManualTimeProvider time, SeededRandomSource random) : Front(inner, time, random)
{
    private readonly Dictionary<NodeId, (long At, GetResult Result)> _cache = [];

    protected override async Task<GetResult> ReadAsync(NodeId key)
    {
        if (_cache.TryGetValue(key, out var cached) && Time.GetElapsedTime(cached.At) < TimeSpan.FromMilliseconds(200))
        {
            return cached.Result;
        }

        var result = await base.ReadAsync(key);
        _cache[key] = (Time.GetTimestamp(), result);
        return result;
    }

    protected override Task<SetResult> WriteAsync(NodeId key, DhtValue value, ValueVersion? expected)
    {
        _cache.Remove(key);
        return base.WriteAsync(key, value, expected);
    }
}

/// <summary>It makes some writes again after a while, as if their response had been lost.</summary>
internal sealed class RepeatingFront(IDht inner, ManualTimeProvider time, SeededRandomSource random) : Front(inner, time, random)
{
    protected override async Task<SetResult> WriteAsync(NodeId key, DhtValue value, ValueVersion? expected)
    {
        var result = await base.WriteAsync(key, value, expected);
        if (result.Succeeded && Random.Next(20) == 0)
        {
            await PauseAsync(500);
            return await base.WriteAsync(key, value, null);
        }

        return result;
    }
}

/// <summary>It says that a write is done, and does it afterwards.</summary>
internal sealed class HastyFront(IDht inner, ManualTimeProvider time, SeededRandomSource random) : Front(inner, time, random)
{
    protected override async Task<SetResult> WriteAsync(NodeId key, DhtValue value, ValueVersion? expected)
    {
        if (expected is not null)
        {
            return await base.WriteAsync(key, value, expected);
        }

        _ = LaterAsync();
        return new SetResult { Local = StoreResult.Stored, Publication = StoreResult.Stored };

        async Task LaterAsync()
        {
            await PauseAsync(200);
            await base.WriteAsync(key, value, null);
        }
    }
}

/// <summary>It gives some writes the version of a clock that is behind.</summary>
internal sealed class FallingFront(IDht inner, ManualTimeProvider time, SeededRandomSource random) : Front(inner, time, random)
{
    protected override async Task<SetResult> WriteAsync(NodeId key, DhtValue value, ValueVersion? expected)
    {
        var result = await base.WriteAsync(key, value, expected);
        return Random.Next(20) > 0 || result.Version.IsNothing ? result
            : result with { Version = ValueVersion.Of(result.Version.Number - (TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond)) };
    }
}

/// <summary>Fronts of which the one with the later stamp wins, by clocks of which one may be ahead: the other's write is told to be done, and is not.</summary>
internal sealed class StampingFront(IDht inner, ManualTimeProvider time, SeededRandomSource random, Dictionary<NodeId, TimeSpan> stamps, TimeSpan ahead)
    : Front(inner, time, random)
{
    protected override async Task<SetResult> WriteAsync(NodeId key, DhtValue value, ValueVersion? expected)
    {
        var stamp = Time.GetUtcNow() - ManualTimeProvider.Epoch + ahead;
        if (stamp < stamps.GetValueOrDefault(key))
        {
            return new SetResult { Local = expected is null ? StoreResult.Stored : StoreResult.Superseded };
        }

        stamps[key] = stamp;
        return await base.WriteAsync(key, value, expected);
    }
}
