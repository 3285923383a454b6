using KadOrleans.Core.Items;
using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

/// <summary>Items that a shard keeps for their owners (ADR 46).</summary>
public sealed class KeptItemTests
{
    private static readonly Item First = SignedItems.Sign(1, "5:first");
    private static readonly Item Second = SignedItems.Sign(2, "6:second");
    private static readonly TimeSpan Week = new KademliaOptions().ValueTimeToLive;

    private readonly ManualTimeProvider _clock = new();
    private readonly FakeRecords _records = new();

    private DateTimeOffset Now => _clock.GetUtcNow();

    [Fact]
    public Task It_is_due_each_hour_and_at_its_time_it_lives_as_any() => EngineHost.RunAsync(async () =>
    {
        var (shard, until) = (await ActivateAsync(), Now.AddDays(30));
        Assert.Equal(StoreResult.Stored, await KeepAsync(shard, First, until));
        for (var hour = 0; hour < 3; hour++)
        {
            Assert.Empty(Due(shard));
            _clock.Advance(TimeSpan.FromHours(1));
            Assert.Equal([First.Key], Due(shard));

            // An edge has sent it, without the mark: also one of a release that does not know of it.
            var held = (await shard.ReadAsync(First.Key))[0]!;
            var sent = held with { StoredAt = Now, IsKept = false };
            Assert.Equal(StoreResult.Stored, await PutAsync(shard, First, sent, PutKind.Copy));
        }

        _clock.Advance(until - Now - TimeSpan.FromMinutes(1));
        await shard.Engine.ExpireAsync();
        Assert.Equal(until, (await shard.ReadAsync(First.Key))[0]!.KeptUntil);
        await PutAsync(shard, First, new StoredValue(First.ToValue(), Now, Now + Week, SourceNetwork.Trusted), PutKind.Copy);
        var last = Now;

        _clock.Advance(TimeSpan.FromMinutes(1));
        await shard.Engine.ExpireAsync();
        shard = await ActivateAsync();
        var released = (await shard.ReadAsync(First.Key))[0]!;
        Assert.Equal((null, last + Week, 0), (released.KeptUntil, released.ExpiresAt, shard.Engine.Shard.Accounts.KeptKeys));
        _clock.Advance(Week);
        await shard.Engine.ExpireAsync();
        Assert.Equal(0, shard.Engine.Shard.Count);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task It_is_kept_after_a_kill_a_move_and_a_compaction_and_follows_its_owner(bool isMoved) => EngineHost.RunAsync(async () =>
    {
        var (shard, until) = (await ActivateAsync(), Now.AddDays(3_000));
        await KeepAsync(shard, First, until);
        for (var i = 0; i < 300; i++)
        {
            await shard.PutOnlyAsync((StoredValues.Key(i % 40), new StoredValue(DhtValue.FromInteger(i), Now, Now + Week, StoredValues.Alice)));
        }

        await shard.Completion;
        shard = await ActivateAsync(isMoved ? shard.Log.Save() : null);
        Assert.Equal(1, shard.Engine.Shard.Accounts.KeptKeys);
        await PutAsync(shard, Second, new StoredValue(Second.ToValue(), Now, Now.AddMinutes(1), StoredValues.Bob), PutKind.Copy);
        shard = await ActivateAsync(isMoved ? shard.Log.Save() : null);

        var held = (await shard.ReadAsync(First.Key))[0]!;
        Assert.Equal((Second.ToValue(), until, SourceNetwork.Trusted), (held.Value, held.KeptUntil, held.Source));
        Assert.Equal(0, await shard.Engine.RemoveExpiredAsync(until.AddDays(9)) - 40);
        Assert.Equal([true], await shard.Engine.UnpublishAsync([First.Key]));
        Assert.Equal([false], await shard.Engine.UnpublishAsync([First.Key]));
        shard = await ActivateAsync();
        Assert.Equal((null, Now + Week), ((await shard.ReadAsync(First.Key))[0]!.KeptUntil, (await shard.ReadAsync(First.Key))[0]!.ExpiresAt));
    });

    // A client publishes what is kept, too: the publication lives on, and does not move the time.
    [Fact]
    public Task A_publication_of_what_is_kept_neither_moves_its_time_nor_ends_with_it() => EngineHost.RunAsync(async () =>
    {
        var (shard, until) = (await ActivateAsync(), Now.AddDays(1));
        await KeepAsync(shard, First, until);
        var published = new StoredValue(First.ToValue(), Now, Now + Week, SourceNetwork.Trusted) { PublishedAt = Now, IsAuthored = true };
        Assert.Equal(StoreResult.Stored, await PutAsync(shard, First, published, PutKind.Publication));
        await shard.Engine.ExpireAsync();
        Assert.Equal((until, Now), ((await shard.ReadAsync(First.Key))[0]!.KeptUntil, (await shard.ReadAsync(First.Key))[0]!.PublishedAt));

        _clock.Advance(TimeSpan.FromDays(30));
        await shard.Engine.ExpireAsync();
        var held = (await shard.ReadAsync(First.Key))[0]!;
        Assert.Equal((null, false), (held.KeptUntil, held.IsExpired(Now)));
        Assert.NotNull(held.PublishedAt);
    });

    private static List<NodeId> Due(EngineHost shard) => shard.Engine.FindDue(null, 10, shard.Clock.GetUtcNow());

    private static Task<StoreResult> KeepAsync(EngineHost shard, Item item, DateTimeOffset until) =>
        PutAsync(shard, item, new StoredValue(item.ToValue(), shard.Clock.GetUtcNow(), until, SourceNetwork.Trusted) { IsKept = true }, PutKind.Publication);

    private static async Task<StoreResult> PutAsync(EngineHost shard, Item item, StoredValue value, PutKind kind)
    {
        var results = await shard.Engine.PutAsync([value], one => new Put(item.Key, one, new PutTerms(kind).Checked(item)), TimeSpan.Zero);
        await shard.Completion;
        return results[0];
    }

    private Task<EngineHost> ActivateAsync(MovedLog? moved = null) => EngineHost.ActivateAsync(_records, moved: moved, clock: _clock);
}
