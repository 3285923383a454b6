using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Shards.Tests;

/// <summary>The storage of a shard and of its halves, which fail together.</summary>
internal sealed class SplitRecords
{
    private static readonly NodeId Border = NodeId.MinValue.WithBit(0, true);

    public FakeRecords Shard { get; init; } = new();

    public FakeRecords Lower { get; } = new();

    public FakeRecords Upper { get; } = new();

    public IReadOnlyList<FakeRecords> All => [Shard, Lower, Upper];

    public int Writes => All.Sum(records => records.Writes);

    /// <summary>Has the writes after so many fail; of those that are done, one.</summary>
    public void FailAfter(int lastWrite, WriteFault fault)
    {
        var first = Writes;
        SetFaults(() => Writes - first <= lastWrite ? WriteFault.None
            : fault == WriteFault.DoneTwice && Writes - first > lastWrite + 1 ? WriteFault.NotDone
            : fault);
    }

    public void SetFaults(Func<WriteFault> next, Func<bool>? failRead = null)
    {
        foreach (var records in All)
        {
            records.OnWrite = _ => next();
            records.FailRead = _ => failRead?.Invoke() ?? false;
        }
    }

    public SplitCopier NewCopier() => new(Shard, Lower, Upper, Border);

    public FakeRecords HalfOf(NodeId key) => key >= Border ? Upper : Lower;
}

/// <summary>One activation of a shard that may be split, without a runtime. It does what the grain does, and activates halves anew each time.</summary>
internal sealed class SplitHost
{
    private static int _lastSeed = 1_000_000;

    private readonly SplitRecords _records;
    private readonly EngineHost _shard;

    private SplitHost(SplitRecords records, EngineHost shard)
    {
        (_records, _shard) = (records, shard);
        Split = shard.SplitBy(records.NewCopier());
    }

    public Splitter Split { get; }

    public EngineHost Shard => _shard;

    public static async Task<SplitHost> ActivateAsync(SplitRecords records, int? seed = null, ValueCache? cache = null)
    {
        var host = new SplitHost(records, await EngineHost.ActivateAsync(records.Shard, seed ?? Interlocked.Increment(ref _lastSeed), cache: cache));
        if (host.Shard.Log.IsSealed)
        {
            await host.Split.FindMissingAsync();
        }

        return host;
    }

    public async Task SplitAsync()
    {
        await Split.MoveAsync();
        await Split.EmptyAsync();
    }

    public async Task<StoreResult> PutAsync(NodeId key, StoredValue value)
    {
        try
        {
            return (await _shard.PutOnlyAsync((key, value)))[0];
        }
        catch (LogSealedException)
        {
            await Split.MoveAsync();
            return await (await ActivateHalfAsync(_records.HalfOf(key))).PutAsync(key, value);
        }
    }

    public async Task<StoredValue?> GetAsync(NodeId key)
    {
        if (Split.MayRead)
        {
            var value = (await _shard.ReadAsync(key))[0];
            if (Split.MayRead)
            {
                return value;
            }
        }

        await Split.MoveAsync();
        return (await (await ActivateHalfAsync(_records.HalfOf(key))).ReadAsync(key))[0];
    }

    /// <summary>Activates a half, as the grain does: it must have a manifest.</summary>
    public static async Task<EngineHost> ActivateHalfAsync(FakeRecords records)
    {
        // Each activation needs random numbers of its own: it knows its records by them.
        var half = await EngineHost.ActivateAsync(records, Interlocked.Increment(ref _lastSeed));
        Assert.NotNull(half.Log.Image.ManifestETag);
        return half;
    }
}
