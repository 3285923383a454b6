using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>A file in which the disk changed something: the node starts with all that is not damaged, and with nothing that is wrong.</summary>
public sealed class FlippedBitTests : SqliteTests
{
    private const int Keys = 400;
    private const int PageBytes = 4096;

    private readonly Dictionary<NodeId, StoredValue> _values = [];
    private readonly Dictionary<NodeId, long> _segments = [];

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 40)]
    [InlineData(3, 60, Traits = ["Tier", "Long"])]
    [InlineData(4, 60, Traits = ["Tier", "Long"])]
    [InlineData(5, 60, Traits = ["Tier", "Long"])]
    [InlineData(6, 60, Traits = ["Tier", "Long"])]
    public async Task One_bit_costs_the_values_of_one_segment_at_most(int seed, int flips)
    {
        var file = await CreateAsync();
        var random = new SeededRandomSource(seed);
        var (refused, damaged) = (0, 0);
        for (var i = 0; i < flips; i++)
        {
            var changed = file.ToArray();
            var place = random.Next(changed.Length);
            changed[place] ^= (byte)(1 << random.Next(8));
            if (await OpenAsync(changed) is not { } left)
            {
                // The header, or the names of the tables, on the first page.
                Assert.True(place < PageBytes, $"Seed {seed}: the file was refused for a bit at {place}.");
                refused++;
            }
            else if (left.Damage is not null)
            {
                damaged++;
                AssertSegmentsMissing(left, seed);
            }
            else
            {
                Assert.Equal(Keys, left.Keys.Count);
            }
        }

        Assert.InRange(refused, 0, 2);
        Assert.InRange(damaged, flips / 3, flips);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public async Task A_page_of_zeros_costs_what_is_on_it(int seed)
    {
        var file = await CreateAsync();
        var random = new SeededRandomSource(seed);
        var kept = 0L;
        var pages = (file.Length / PageBytes) - 1;
        for (var page = 1; page <= pages; page++)
        {
            var changed = file.ToArray();
            changed.AsSpan(page * PageBytes, PageBytes).Clear();
            if (seed == 6)
            {
                changed.AsSpan(page * PageBytes, PageBytes).Fill((byte)random.Next(256));
            }

            var left = await OpenAsync(changed);
            Assert.NotNull(left);
            kept += left.Keys.Count;
        }

        Assert.True(kept > pages * Keys / 2);
    }

    // Everything of one segment is missing, or the structure was hit and what is missing is told.
    private void AssertSegmentsMissing(Left left, int seed)
    {
        var missing = _values.Keys.Except(left.Keys).ToHashSet();
        var hit = missing.Select(key => _segments[key]).Distinct().ToList();
        if (!left.Damage!.Contains("its structure", StringComparison.Ordinal))
        {
            Assert.True(hit.Count <= 1, $"Seed {seed}: {left.Damage}");
        }

        // At most one key was not to be read.
        Assert.True(missing.Except(left.Lost).Count() <= 1 || left.Damage.Contains("its structure", StringComparison.Ordinal), left.Damage);
        Assert.Contains($"{left.Keys.Count} are left", left.Damage, StringComparison.Ordinal);
    }

    private async Task<byte[]> CreateAsync()
    {
        await using (var database = Open())
        {
            for (var i = 0; i < Keys; i++)
            {
                var (key, value) = (NodeId.FromKey($"key {i}"), StoredValues.Text($"value {i} {new string('x', 100)}"));
                Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(key, value));
                _values[key] = value;
            }

            await database.States.SaveAsync(NodeStates.WithContacts);
            foreach (var key in _values.Keys)
            {
                Assert.True(database.Values.Shard.TryFind(key, out var held));
                _segments[key] = database.Values.AddressOf(held).Number;
            }
        }

        return await File.ReadAllBytesAsync(Folder.DatabasePath);
    }

    // What is left of a changed file, after each value was compared; null if it was refused in a sentence.
    private async Task<Left?> OpenAsync(byte[] changed)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.DatabasePath, changed);
        SqliteDatabase database;
        try
        {
            database = SqliteDatabase.Open(folder.Path, new(StoreQuota.Unlimited));
        }
        catch (KeyStoreException)
        {
            Assert.Equal(changed, await File.ReadAllBytesAsync(folder.DatabasePath));
            return null;
        }

        Left left;
        await using (database)
        {
            var held = await database.ReadAllAsync();
            Assert.All(held, entry => Assert.Equal(_values[entry.Key], entry.Value));
            Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(StoredValues.Key(5000), StoredValues.Text("new")));
            left = new Left([.. held.Keys], database.Damage, [.. database.LostKeys]);
            var hasId = await database.States.LoadAsync() is not null;
            Assert.True(hasId || database.Damage!.Contains("the node's id", StringComparison.Ordinal), database.Damage);
        }

        // What was repaired is sound.
        await using var again = SqliteDatabase.Open(folder.Path, new(StoreQuota.Unlimited) { RefusesDamage = true });
        Assert.Equal(left.Keys.Count + 1, again.Keys);
        return left;
    }

    private sealed record Left(HashSet<NodeId> Keys, string? Damage, HashSet<NodeId> Lost);
}
