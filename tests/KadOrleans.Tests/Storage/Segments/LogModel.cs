using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>A database with a small log beside the dictionary that it should equal after every commit.</summary>
internal sealed class LogModel(StorageOptions options) : IAsyncDisposable
{
    // What a put of trusted bytes has beside its content, and what a removal has.
    private const long RecordOverhead = 48;
    private const long Removal = 21;

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<NodeId, StoredValue> _expected = [];
    private SqliteDatabase? _database;
    private int _values;
    private long _newest;

    public SegmentTable Table => _database!.Segments;

    /// <summary>Length of all records that were written since the file was opened.</summary>
    public long Written { get; private set; }

    /// <summary>Length of the records that commits were asked to write.</summary>
    public long Asked { get; private set; }

    public void Open() => _database = OpenFolder(_folder.Path);

    public async Task ReopenAsync()
    {
        var before = Describe(Table);
        await _database!.DisposeAsync();
        Open();
        Assert.Equal(before, Describe(Table));
        await CheckAsync();
    }

    /// <summary>Opens what a crash at this moment would leave.</summary>
    public async Task CrashAsync()
    {
        using var elsewhere = new TemporaryFolder();
        File.Copy(_folder.DatabasePath, elsewhere.DatabasePath);
        File.Copy(_folder.LogPath, elsewhere.LogPath);
        await using var again = OpenFolder(elsewhere.Path);
        Assert.Equal(_expected, await again.ReadAllAsync());
        Assert.Equal(Describe(Table), Describe(again.Segments));
    }

    /// <summary>Puts in one commit. Those of odd keys live a minute, others a day.</summary>
    public async Task PutAsync(IEnumerable<int> keys, int length)
    {
        foreach (var (key, value) in await RunAsync(keys, length, StoreResult.Stored))
        {
            _expected[key] = value;
            Asked += RecordOverhead + length;
        }

        await CheckAsync();
    }

    /// <summary>The same in a commit that fails at its end, once its first segment is full or all is collected.</summary>
    public async Task FailAsync(IEnumerable<int> keys, int length)
    {
        await _database!.ExecuteAsync("CREATE TEMP TRIGGER refusal AFTER INSERT ON segment BEGIN SELECT RAISE(ABORT, 'refused'); END");
        await RunAsync(keys, length, StoreResult.StorageFailed);
        await _database!.ExecuteAsync("DROP TRIGGER refusal");
        await CheckAsync();
    }

    public async Task RemoveExpiredAsync(TimeSpan after)
    {
        var now = StoredValues.Now + after;
        await new SqliteKeyStore(_database!).RemoveExpiredAsync(now);
        foreach (var (key, _) in _expected.Where(entry => entry.Value.IsExpired(now)).ToList())
        {
            _expected.Remove(key);
            Asked += Removal;
        }

        await CheckAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _database!.DisposeAsync();
        _folder.Dispose();
    }

    // The disk may keep the commits: what is under test is what is in them.
    private SqliteDatabase OpenFolder(string folder)
    {
        var database = SqliteDatabase.Open(folder, options);
        database.Connection.Execute("PRAGMA synchronous = OFF");
        return database;
    }

    private async Task<List<KeyValuePair<NodeId, StoredValue>>> RunAsync(IEnumerable<int> keys, int length, StoreResult expected)
    {
        var puts = keys.Select(key => KeyValuePair.Create(StoredValues.Key(key), NextValue(key, length))).ToList();
        Assert.All(await _database!.PutBatchAsync(puts), result => Assert.Equal(expected, result));
        return puts;
    }

    private StoredValue NextValue(int key, int length)
    {
        var bytes = new byte[length];
        BitConverter.TryWriteBytes(bytes, ++_values);
        return StoredValues.Of(DhtValue.FromBytes(bytes)) with
        {
            ExpiresAt = StoredValues.Now + (key % 2 == 0 ? TimeSpan.FromDays(1) : TimeSpan.FromMinutes(1)),
        };
    }

    private async Task CheckAsync()
    {
        Written += Table.All.Where(segment => segment.Number > _newest).Sum(segment => segment.Bytes);
        _newest = Table.Newest?.Number ?? 0;
        Assert.Equal(_expected, await _database!.ReadAllAsync());
        Assert.Equal(_expected.Values.Sum(value => RecordOverhead + value.Value.ContentLength), Table.LiveBytes);
        Assert.InRange(Table.Bytes, 0, (3 * Table.LiveBytes) + (2 * options.SlackBytes));
        Assert.InRange(Table.All.Count(), 0, (2 * Table.Bytes / options.SegmentBytes) + 30);
    }

    private static List<(long, int, int, int, int)> Describe(SegmentTable table) =>
        [.. table.All.Select(segment => (segment.Number, segment.Bytes, segment.Removals, segment.Live, segment.LiveBytes))];
}
