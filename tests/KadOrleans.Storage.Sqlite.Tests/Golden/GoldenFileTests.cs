using System.Text;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;
using KadOrleans.Sqlite;
using KadOrleans.Testing;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Storage.Sqlite.Tests.Golden;

/// <summary>Files of earlier releases open and hold what those releases put there.</summary>
public sealed class GoldenFileTests : IDisposable
{
    private static readonly DateTimeOffset StoredAt = new(2024, 2, 29, 12, 34, 56, 789, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();

    /// <summary>What all of them hold; never changes.</summary>
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

    /// <summary>What later files hold besides; never changes.</summary>
    private static IReadOnlyDictionary<NodeId, Publication> Published { get; } = new Dictionary<NodeId, Publication>
    {
        [NodeId.FromKey("published text")] = new(DhtValue.FromString("Grüße"), StoredAt),
        [NodeId.FromKey("published bytes")] = new(DhtValue.FromBytes([0, 0xFF]), StoredAt.AddMinutes(1)),
    };

    [Theory]
    [InlineData("schema-1.db", false)]
    [InlineData("schema-2.db", true)]
    [InlineData("schema-3.db", true)]
    public async Task A_file_of_an_earlier_release_holds_what_that_put_there_and_takes_more(string name, bool hasPublications)
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Golden", name), _folder.DatabasePath);
        await using (var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited))
        {
            await AssertHoldsAsync(database, Held, hasPublications);
            await new SqliteKeyStore(database).PutAsync(StoredValues.Key(1), StoredValues.Text("more"));
        }

        await using var again = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        await AssertHoldsAsync(
            again, new Dictionary<NodeId, StoredValue>(Held) { [StoredValues.Key(1)] = StoredValues.Text("more") }, hasPublications);
    }

    [Fact]
    public async Task Many_rows_of_a_file_of_an_earlier_release_become_segments_and_the_rows_go()
    {
        const int Rows = 3000;
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Golden", "schema-2.db"), _folder.DatabasePath);
        var rows = AddRows(Rows);

        Dictionary<NodeId, StoredValue> read;
        await using (var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited with { TotalKeys = 1 }))
        {
            read = database.Memory.Scan().ToDictionary();
            Assert.InRange(database.Segments.Segments, 2, 20);
            Assert.Equal(3, database.Connection.QueryInteger("PRAGMA user_version"));
            Assert.Equal(0, database.Connection.QueryInteger("SELECT count(*) FROM sqlite_schema WHERE name = 'stored_value'"));
        }

        Assert.Equal(rows.Concat(Held.Keys).Order(), read.Keys.Order());
        Assert.All(rows, key => Assert.Equal(key.ToString(), read[key].Value.AsString()));
        await using var again = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        Assert.Equal(read, again.Memory.Scan().ToDictionary());
    }

    // Texts that say their keys, in the form of schemas 1 and 2.
    private List<NodeId> AddRows(int count)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={_folder.DatabasePath};Pooling=False");
        connection.Open();
        connection.Execute("BEGIN");
        using var insert = connection.PrepareCommand(
            "INSERT INTO stored_value VALUES ($key, 0, 86400000, zeroblob(16), $value)",
            new SqliteParameter("$key", SqliteType.Blob), new SqliteParameter("$value", SqliteType.Blob));
        var keys = Enumerable.Range(0, count).Select(StoredValues.Key).ToList();
        foreach (var key in keys)
        {
            var bytes = new byte[NodeId.Length];
            key.CopyTo(bytes);
            insert.Parameters[0].Value = bytes;
            insert.Parameters[1].Value = (byte[])[1, .. Encoding.UTF8.GetBytes(key.ToString())];
            insert.ExecuteNonQuery();
        }

        connection.Execute("COMMIT");
        return keys;
    }

    private static async Task AssertHoldsAsync(
        SqliteDatabase database, IReadOnlyDictionary<NodeId, StoredValue> values, bool hasPublications)
    {
        Assert.Equal(values, database.Memory.Scan().ToDictionary());
        NodeStates.AssertEqual(SavedState, await new SqliteNodeStateStore(database).LoadAsync());
        Assert.Equal(
            hasPublications ? Published : new Dictionary<NodeId, Publication>(), database.Publications.Snapshot().ToDictionary());
    }

    public void Dispose() => _folder.Dispose();

    private static StoredValue Value(DhtValue value, int minutes, SourceNetwork source) =>
        new(value, StoredAt, StoredAt.AddMinutes(minutes), source);
}
