using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>Which value of a source goes first, after what may have mixed them up.</summary>
public sealed class EvictionOrderTests : SqliteTests
{
    private const int Held = 10;

    private static readonly StoreQuota Quota = StoreQuota.Unlimited with { TotalKeys = Held, ReservePercent = 0 };

    // None of the keys is in it.
    private static readonly ResponsibleArea Elsewhere = new(StoredValues.Key(1000), 16);

    [Fact]
    public async Task After_a_restart_and_once_the_area_is_known_the_oldest_goes_that_no_trusted_source_stored_too()
    {
        await using (var database = Open(new(Quota)))
        {
            await FillAsync(database);
            await database.Store.PutAsync(StoredValues.Key(1), StoredValues.Sized(2, SourceNetwork.Trusted));
        }

        await using var again = Open(new(Quota));
        again.Store.SetArea(Elsewhere);
        await PutOthersAsync(again, 100, 2);

        Assert.Equal([2, 3], await GoneAsync(again));
        Assert.Equal(SourceNetwork.Trusted, (await again.GetAsync(StoredValues.Key(1)))?.Source);
    }

    [Fact]
    public async Task A_batch_that_failed_leaves_what_it_evicted_and_renewed_in_its_order()
    {
        await using var database = Open(new(Quota));
        await FillAsync(database);
        await database.ExecuteAsync("PRAGMA query_only = ON");
        var results = await database.PutBatchAsync(((int[])[9, 100, 101, 102, 10]).Select(number => KeyValuePair.Create(
            StoredValues.Key(number), number > Held ? StoredValues.Sized(2, StoredValues.Bob) : Renewed())));
        Assert.All(results, result => Assert.Equal(StoreResult.StorageFailed, result));
        await database.ExecuteAsync("PRAGMA query_only = OFF");

        await PutOthersAsync(database, 200, 4);
        Assert.Equal([1, 2, 3, 4], await GoneAsync(database));
    }

    private static StoredValue Renewed() =>
        StoredValues.Sized(2, StoredValues.Alice) with { ExpiresAt = StoredValues.Expiry + TimeSpan.FromHours(1) };

    // One commit each.
    private static Task FillAsync(SqliteDatabase database) => PutAsync(database, 1, Held, StoredValues.Alice);

    private static Task PutOthersAsync(SqliteDatabase database, int first, int count) => PutAsync(database, first, count, StoredValues.Bob);

    private static Task PutAsync(SqliteDatabase database, int first, int count, SourceNetwork source) => database.Store.PutAllAsync(
        Enumerable.Range(first, count).Select(number => KeyValuePair.Create(StoredValues.Key(number), StoredValues.Sized(2, source))));

    private static async Task<List<int>> GoneAsync(SqliteDatabase database)
    {
        var gone = new List<int>();
        for (var i = 1; i <= Held; i++)
        {
            if (await database.Store.GetAsync(StoredValues.Key(i), StoredValues.Now) is null)
            {
                gone.Add(i);
            }
        }

        return gone;
    }
}
