using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

/// <summary>
/// A deleted key's version is not given again, nor a lower one: after a compaction, by another activation, after a move and in a half, also by a clock
/// that was set back.
/// </summary>
public sealed class VersionFloorTests
{
    private static readonly NodeId Key = Samples.Key(0);

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(400, false)]
    [InlineData(400, true)]
    public Task After_a_deletion_it_rises(int others, bool moves) => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        shard.Clock.Advance(TimeSpan.FromHours(1));
        var deleted = await PutAndRemoveAsync(shard);
        for (var i = 1; i <= others; i++)
        {
            await shard.PutAsync(Samples.Key(i), Samples.Text($"{i}"));
        }

        var next = await EngineHost.ActivateAsync(records, moved: moves ? shard.Log.Save() : null);
        Assert.InRange(await PutAsync(next), deleted + 1, long.MaxValue);
    });

    [Fact]
    public Task In_a_half_it_rises() => EngineHost.RunAsync(async () =>
    {
        var records = new SplitRecords();
        var host = await SplitHost.ActivateAsync(records);
        host.Shard.Clock.Advance(TimeSpan.FromHours(1));
        var deleted = await PutAndRemoveAsync(host.Shard);
        await host.SplitAsync();

        foreach (var half in new[] { records.Lower, records.Upper })
        {
            Assert.InRange(await PutAsync(await EngineHost.ActivateAsync(half)), deleted + 1, long.MaxValue);
        }
    });

    [Fact]
    public Task A_removal_under_a_version_finds_its_own_success_and_no_other() => EngineHost.RunAsync(async () =>
    {
        var (_, shard) = await EngineHost.StartAsync();
        var version = await PutAsync(shard);
        var call = new PutTerms(PutKind.Publication) { IsWrite = true, CallId = 5 };
        Assert.Equal(StoreResult.Superseded, (await shard.Engine.RemoveAsync(Key, version - 1, call)).Result);
        Assert.Equal(StoreResult.Stored, (await shard.Engine.RemoveAsync(Key, version, call)).Result);
        Assert.Equal(StoreResult.Stored, (await shard.Engine.RemoveAsync(Key, version, call with { IsRepeat = true })).Result);
        Assert.Equal(StoreResult.Superseded, (await shard.Engine.RemoveAsync(Key, version, call with { CallId = 6, IsRepeat = true })).Result);
        Assert.Equal(StoreResult.Unknown, (await shard.Engine.RemoveAsync(Key, version - 1, call with { CallId = 7, IsRepeat = true })).Result);
        Assert.Null((await shard.ReadAsync(Key))[0]);
    });

    /// <summary>It is in memory only once it is in storage: a write that failed is not said to be done.</summary>
    [Fact]
    public Task A_call_whose_write_failed_is_not_remembered() => EngineHost.RunAsync(async () =>
    {
        var (records, shard) = await EngineHost.StartAsync();
        var version = await PutAsync(shard);
        records.OnWrite = _ => WriteFault.NotDone;
        var terms = new PutTerms(PutKind.Publication) { IsWrite = true, CallId = 5, Condition = PutCondition.HasVersion(version) };
        Assert.Equal(StoreResult.StorageFailed, (await shard.Engine.PutAsync(new Put(Key, Samples.Text("lost"), terms), TimeSpan.Zero)).Result);
        records.OnWrite = _ => WriteFault.None;
        Assert.Equal(StoreResult.Stored, (await shard.Engine.PutAsync(new Put(Key, Samples.Text("another"), terms with { CallId = 6 }), TimeSpan.Zero)).Result);

        var again = await shard.Engine.PutAsync(new Put(Key, Samples.Text("lost"), terms with { IsRepeat = true }), TimeSpan.Zero);
        Assert.Equal(StoreResult.Superseded, again.Result);
    });

    /// <summary>An activation that another one has overtaken says neither that a condition holds nor that it does not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_condition_is_not_decided_by_an_activation_that_is_superseded(bool holdsInStorage) => EngineHost.RunAsync(async () =>
    {
        var (records, frozen) = await EngineHost.StartAsync();
        var first = await PutAsync(frozen);
        var second = await PutAsync(await EngineHost.ActivateAsync(records));
        var terms = new PutTerms(PutKind.Publication) { IsWrite = true, CallId = 5, Condition = PutCondition.HasVersion(holdsInStorage ? second : first) };
        Assert.Equal(StoreResult.StorageFailed, (await frozen.Engine.PutAsync(new Put(Key, Samples.Text("next"), terms), TimeSpan.Zero)).Result);
    });

    private static async Task<long> PutAndRemoveAsync(EngineHost shard)
    {
        var version = await PutAsync(shard);
        Assert.True(await shard.RemoveAsync(Key));
        return version;
    }

    private static async Task<long> PutAsync(EngineHost shard)
    {
        var terms = new PutTerms(PutKind.Publication) { IsWrite = true };
        var outcome = await shard.Engine.PutAsync(new Put(Key, Samples.Text("value") with { StoredAt = shard.Clock.GetUtcNow() }, terms), TimeSpan.Zero);
        Assert.Equal(StoreResult.Stored, outcome.Result);
        return outcome.Version;
    }
}
