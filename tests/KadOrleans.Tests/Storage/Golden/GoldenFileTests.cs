using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>A file of a release opens and holds what that release put there.</summary>
public sealed class GoldenFileTests : SqliteTests
{
    private static readonly DateTimeOffset StoredAt = new(2024, 2, 29, 12, 34, 56, 789, TimeSpan.Zero);

    /// <summary>What it holds; never changes.</summary>
    private static IReadOnlyDictionary<NodeId, StoredValue> Held { get; } = new Dictionary<NodeId, StoredValue>
    {
        [NodeId.FromKey("text")] = Value(DhtValue.FromString("Grüße, 世界"), 1, SourceNetwork.Trusted),
        [NodeId.FromKey("empty text")] = Value(DhtValue.FromString(string.Empty), 2, SourceNetwork.Trusted),
        [NodeId.FromKey("zero")] = Value(DhtValue.FromInteger(0), 3, new SourceNetwork(0, 0xFFFF_CB00_7105)),
        [NodeId.FromKey("lowest")] = Value(DhtValue.FromInteger(long.MinValue), 4, new SourceNetwork(0x2001_0DB8_0000_0001, 0)),
        [NodeId.FromKey("highest")] = Value(DhtValue.FromInteger(ulong.MaxValue), 5, SourceNetwork.Trusted),
        [NodeId.FromKey("minus zero")] = Value(DhtValue.FromFloat(-0.0), 6, SourceNetwork.Trusted),
        [NodeId.FromKey("not a number")] = Value(DhtValue.FromFloat(double.NaN), 7, SourceNetwork.Trusted),
        [NodeId.FromKey("pi")] = Value(DhtValue.FromFloat(3.14159), 8, SourceNetwork.Trusted),
        [NodeId.FromKey("yes")] = Value(DhtValue.FromBoolean(true), 9, SourceNetwork.Trusted),
        [NodeId.FromKey("no")] = Value(DhtValue.FromBoolean(false), 10, SourceNetwork.Trusted),
        [NodeId.FromKey("bytes")] = Value(DhtValue.FromBytes([0, 1, 0xFE, 0xFF]), 11, SourceNetwork.Trusted),
        [NodeId.FromKey("long bytes")] = Value(DhtValue.FromBytes([.. Enumerable.Range(0, 3000).Select(i => (byte)i)]), 12, SourceNetwork.Trusted),
        [NodeId.MaxValue] = Value(DhtValue.FromString("expired"), -1, SourceNetwork.Trusted),
    };

    private static NodeState SavedState { get; } = new(
        NodeId.FromKey("golden node"),
        [
            new Contact(NodeId.FromKey("one"), UdpEndpoint.Parse("198.51.100.7:8468")),
            new Contact(NodeId.FromKey("two"), UdpEndpoint.Parse("[2001:db8::7]:65535")),
        ]);

    /// <summary>What is published; never changes.</summary>
    private static IReadOnlyDictionary<NodeId, Publication> Published { get; } = new Dictionary<NodeId, Publication>
    {
        [NodeId.FromKey("published text")] = new(DhtValue.FromString("Grüße"), StoredAt) { IsPending = true, Version = 7, CallId = -8 },
        [NodeId.FromKey("published bytes")] = new(DhtValue.FromBytes([0, 0xFF]), StoredAt.AddMinutes(1)) { Version = 9 },
    };

    [Fact]
    public async Task The_file_of_a_release_holds_what_that_put_there_and_takes_more()
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Golden", "schema-7.db"), Folder.DatabasePath);
        await using (var database = Open())
        {
            await AssertHoldsAsync(database, Held);
            await database.Store.PutAsync(StoredValues.Key(1), StoredValues.Text("more"));
        }

        await using var again = Open();
        await AssertHoldsAsync(again, new Dictionary<NodeId, StoredValue>(Held) { [StoredValues.Key(1)] = StoredValues.Text("more") });
    }

    private static async Task AssertHoldsAsync(
        SqliteDatabase database, IReadOnlyDictionary<NodeId, StoredValue> values)
    {
        var read = await database.ReadAllAsync();
        Assert.Equal(values, read);
        Assert.All(Held, held => Assert.Equal(held.Value.Version, read[held.Key].Version));
        NodeStates.AssertEqual(SavedState, await database.States.LoadAsync());
        Assert.Equal(Published, database.Publications.ToDictionary());
    }

    private static StoredValue Value(DhtValue value, int minutes, SourceNetwork source) =>
        new(value, StoredAt, StoredAt.AddMinutes(minutes), source) { Version = 100 + minutes };
}
