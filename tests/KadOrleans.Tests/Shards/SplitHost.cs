using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

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

    public HalfRecords Halves => new(Lower, Upper, Border);

    public FakeRecords HalfOf(NodeId key) => key >= Border ? Upper : Lower;
}

/// <summary>One activation of a shard that may be split, without a runtime. Like a grain it asks halves in place of the shard; it activates them anew each time.</summary>
internal sealed class SplitHost
{
    private readonly SplitRecords _records;

    private SplitHost(SplitRecords records, EngineHost shard) => (_records, Shard) = (records, shard);

    public EngineHost Shard { get; }

    public static async Task<SplitHost> ActivateAsync(SplitRecords records, ValueCache? cache = null) => new(
        records, await EngineHost.ActivateAsync(records.Shard, cache: cache, halves: records.Halves));

    public async Task SplitAsync()
    {
        await Shard.Engine.FillHalvesAsync();
        await Shard.Engine.EmptyAsync();
    }

    public async Task<StoreResult> PutAsync(NodeId key, StoredValue value)
    {
        try
        {
            return (await Shard.PutOnlyAsync((key, value)))[0];
        }
        catch (LogSealedException)
        {
            await Shard.Engine.FillHalvesAsync();
            return await (await ActivateHalfAsync(_records.HalfOf(key))).PutAsync(key, value);
        }
    }

    public async Task<StoredValue?> GetAsync(NodeId key)
    {
        if (Shard.Engine.MayRead)
        {
            var value = (await Shard.ReadAsync(key))[0];
            if (Shard.Engine.MayRead)
            {
                return value;
            }
        }

        await Shard.Engine.FillHalvesAsync();
        return (await (await ActivateHalfAsync(_records.HalfOf(key))).ReadAsync(key))[0];
    }

    public static Task<EngineHost> ActivateHalfAsync(FakeRecords records, HalfRecords? halves = null) =>
        EngineHost.ActivateAsync(records, halves: halves, half: "half");

    public static async Task<Dictionary<NodeId, StoredValue>> ReadHalfAsync(FakeRecords records) =>
        await (await ActivateHalfAsync(records)).ReadAllAsync();

    public static async Task<Dictionary<NodeId, StoredValue>> ReadHalvesAsync(SplitRecords records) =>
        (await ReadHalfAsync(records.Lower)).Concat(await ReadHalfAsync(records.Upper)).ToDictionary();

    /// <summary>Whether it did not meet a failure of storage.</summary>
    public static async Task<bool> TryAsync(Func<Task> run)
    {
        try
        {
            await run();
            return true;
        }
        catch (Exception e) when (e is TimeoutException or IOException or StorageConflictException)
        {
            return false;
        }
    }

    /// <summary>A value that no other number has.</summary>
    public static StoredValue Value(int number, int length) =>
        Samples.Text("") with { Value = DhtValue.FromBytes([.. BitConverter.GetBytes(number), .. new byte[length]]) };
}
