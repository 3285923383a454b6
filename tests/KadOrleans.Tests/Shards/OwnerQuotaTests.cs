using KadOrleans.Core.Items;
using KadOrleans.Shards;
using KadOrleans.Signatures;

namespace KadOrleans.Tests.Shards;

/// <summary>What one owner of items may have of a shard, also after its activations.</summary>
public sealed class OwnerQuotaTests
{
    private const int Most = 100;
    private static readonly StoreQuota Quota = StoreQuota.Unlimited with { KeysPerOwner = Most };
    private static readonly ItemOwner Owner = new(SignedItems.Owner.PublicKey.Span);

    private readonly FakeRecords _records = new();

    // Pages with long values have a record of their keys, of which an activation reads that alone; those with short ones have none.
    [Theory]
    [InlineData(900, false)]
    [InlineData(900, true)]
    [InlineData(1, false)]
    public Task It_is_the_same_after_compactions_kills_and_moves(int length, bool isMoved) => EngineHost.RunAsync(async () =>
    {
        var shard = await ActivateAsync();
        await PutAllAsync(shard, Enumerable.Range(0, Most).Select(i => Of(i, length)));
        await PutAllAsync(shard, Enumerable.Range(0, 5).Select(i => Of(i, length, SignedItems.Stranger)));
        for (var i = 0; i < 300; i++)
        {
            var now = shard.Clock.GetUtcNow();
            await shard.PutOnlyAsync((StoredValues.Key(i % 40), new StoredValue(DhtValue.FromInteger(i), now, now.AddDays(7), StoredValues.Alice)));
        }

        await shard.Completion;
        var keys = await Task.WhenAll(_records.Names.Where(name => name.StartsWith("kad-shard-keys", StringComparison.Ordinal))
            .Select(_records.ReadAsync<PageKeysRecord>));
        Assert.Equal(length > 1, keys.Any(record => record.Content!.Owners.Length > 0));

        var counted = shard.Engine.Shard.Accounts.OwnerOf(Owner.Code, isFar: false);
        shard = await ActivateAsync(isMoved ? shard.Log.Save() : null);
        var again = shard.Engine.Shard.Accounts.OwnerOf(Owner.Code, isFar: false);
        Assert.Equal(counted, again);
        Assert.Equal(Most, again.Keys);
        OwnedCounts(shard, await shard.ReadAllAsync());

        Assert.Equal([StoreResult.OwnerQuotaExceeded], await PutAllAsync(shard, [Of(Most, length)]));
        Assert.Equal([StoreResult.Stored], await PutAllAsync(shard, [Of(3, length, seq: 2)]));
        Assert.Equal([StoreResult.Stored], await PutAllAsync(shard, [Of(Most, length, SignedItems.Stranger)]));
        Assert.True(await shard.RemoveAsync(SignedItems.Key("7")));
        Assert.Equal([StoreResult.Stored], await PutAllAsync(shard, [Of(Most, length)]));
        shard = await ActivateAsync();
        Assert.Equal(Most, shard.Engine.Shard.Accounts.OwnerOf(Owner.Code, isFar: false).Keys);
    });

    [Fact]
    public void The_owners_of_a_pages_entries_are_read_at_their_places()
    {
        Item[] items = [.. Enumerable.Range(0, 4).Select(i => Of(i, 1, i % 2 == 0 ? null : SignedItems.Stranger))];
        Entry[] entries =
        [
            EntryOf(items[0]),
            new(StoredValues.Key(1), StoredValues.Text("plain")),
            new(StoredValues.Key(2), null),
            EntryOf(items[1]),
            EntryOf(items[2]),
            new(StoredValues.Key(3), StoredValues.Of(SignedItems.Immutable("5:first").ToValue())),
            EntryOf(items[3]),
        ];
        var page = new WrittenPage(
            new Page(0, 1, 0),
            [.. entries.Select(entry => new PageEntry(entry.Key, EntryCodec.Encode([entry]), entry.Value?.Value.ContentLength))]);

        var owners = page.EncodeOwners();
        Assert.Equal(4 * 36, owners.Length);
        ReadOnlySpan<byte> rest = owners;
        for (var i = 0; i < entries.Length; i++)
        {
            Assert.Equal(entries[i].Value is { } value ? ItemOwner.Of(value.Value) : null, OwnerCodec.Take(ref rest, i));
        }

        Assert.True(rest.IsEmpty);
        Assert.Throws<InvalidDataException>(() => Take(owners.AsSpan(..35), 0));
        Assert.Throws<InvalidDataException>(() => Take(owners, 1));

        static void Take(ReadOnlySpan<byte> bytes, int place) => OwnerCodec.Take(ref bytes, place);

        static Entry EntryOf(Item item) => new(item.Key, StoredValues.Of(item.ToValue(), StoredValues.Alice));
    }

    private static Item Of(int salt, int length, Ed25519KeyPair? owner = null, long seq = 1) =>
        SignedItems.Sign(seq, $"{length}:{new string('x', length)}", $"{salt}", owner);

    private static async Task<IReadOnlyList<StoreResult>> PutAllAsync(EngineHost shard, IEnumerable<Item> items)
    {
        var results = await shard.Engine.PutAsync(
            [.. items.Index()],
            item => new Put(
                item.Item.Key,
                StoredValues.Of(item.Item.ToValue(), SourceNetwork.Of(UdpEndpoint.Parse($"198.51.{item.Index}.1:1"))) with
                {
                    StoredAt = shard.Clock.GetUtcNow(),
                    ExpiresAt = shard.Clock.GetUtcNow().AddDays(7),
                },
                new PutTerms(PutKind.Publication).Checked(item.Item)),
            TimeSpan.Zero);
        await shard.Completion;
        return results;
    }

    private static void OwnedCounts(EngineHost shard, Dictionary<NodeId, StoredValue> held) =>
        Core.OwnedItems.AssertCounted(shard.Engine.Shard.Accounts, held);

    private Task<EngineHost> ActivateAsync(MovedLog? moved = null) => EngineHost.ActivateAsync(_records, Quota, moved: moved);
}
