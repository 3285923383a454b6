using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.PortContracts;
using KadOrleans.SqliteFiles;
using KadOrleans.Testing;

namespace KadOrleans.Storage.Sqlite.Tests.Writing;

/// <summary>Which value of a source goes first, after what may have mixed them up.</summary>
public sealed class EvictionOrderTests : IDisposable
{
    private const int Held = 10;

    private static readonly StoreQuota Quota = StoreQuota.Unlimited with { TotalKeys = Held, ReservePercent = 0 };

    // None of the keys is in it.
    private static readonly ResponsibleArea Elsewhere = new(StoredValues.Key(1000), 16);

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task After_a_restart_and_once_the_area_is_known_the_oldest_goes()
    {
        await using (var database = SqliteDatabase.Open(_folder.Path, Quota))
        {
            await FillAsync(database);
        }

        await using var again = SqliteDatabase.Open(_folder.Path, Quota);
        await using var store = new SqliteKeyStore(again);
        store.SetArea(Elsewhere);
        await PutOthersAsync(store, 100, 2);

        Assert.Equal([1, 2], await GoneAsync(store));
    }

    [Fact]
    public async Task A_batch_that_failed_leaves_what_it_evicted_and_renewed_in_its_order()
    {
        await using var database = SqliteDatabase.Open(_folder.Path, Quota);
        await FillAsync(database);
        await using var store = new SqliteKeyStore(database);

        using (await WriterGate.CloseAsync(database))
        {
            database.Connection.Execute("PRAGMA query_only = ON");
        }

        var gate = await WriterGate.CloseAsync(database);
        List<Task<StoreResult>> puts =
        [
            store.PutAsync(StoredValues.Key(9), Renewed()).AsTask(),
            store.PutAsync(StoredValues.Key(100), StoredValues.Sized(2, StoredValues.Bob)).AsTask(),
            store.PutAsync(StoredValues.Key(101), StoredValues.Sized(2, StoredValues.Bob)).AsTask(),
            store.PutAsync(StoredValues.Key(102), StoredValues.Sized(2, StoredValues.Bob)).AsTask(),
            store.PutAsync(StoredValues.Key(10), Renewed()).AsTask(),
        ];
        gate.Dispose();
        Assert.All(await Task.WhenAll(puts), result => Assert.Equal(StoreResult.StorageFailed, result));
        using (await WriterGate.CloseAsync(database))
        {
            database.Connection.Execute("PRAGMA query_only = OFF");
        }

        await PutOthersAsync(store, 200, 4);
        Assert.Equal([1, 2, 3, 4], await GoneAsync(store));
    }

    [Fact]
    public async Task That_a_trusted_source_stored_a_strangers_value_is_remembered_after_a_restart()
    {
        await using (var database = SqliteDatabase.Open(_folder.Path, Quota))
        {
            await FillAsync(database);
            await using var store = new SqliteKeyStore(database);
            await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(2, SourceNetwork.Trusted));
        }

        await using var again = SqliteDatabase.Open(_folder.Path, Quota);
        await using var reopened = new SqliteKeyStore(again);
        await PutOthersAsync(reopened, 100, 1);
        Assert.Equal([2], await GoneAsync(reopened));
        Assert.Equal(SourceNetwork.Trusted, (await reopened.GetAsync(StoredValues.Key(1), StoredValues.Now))?.Source);
    }

    public void Dispose() => _folder.Dispose();

    private static StoredValue Renewed() =>
        StoredValues.Sized(2, StoredValues.Alice) with { ExpiresAt = StoredValues.Expiry + TimeSpan.FromHours(1) };

    // One commit each.
    private static async Task FillAsync(SqliteDatabase database)
    {
        await using var store = new SqliteKeyStore(database);
        for (var i = 1; i <= Held; i++)
        {
            Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(i), StoredValues.Sized(2, StoredValues.Alice)));
        }
    }

    private static async Task PutOthersAsync(SqliteKeyStore store, int first, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(first + i), StoredValues.Sized(2, StoredValues.Bob)));
        }
    }

    private static async Task<List<int>> GoneAsync(SqliteKeyStore store)
    {
        var gone = new List<int>();
        for (var i = 1; i <= Held; i++)
        {
            if (await store.GetAsync(StoredValues.Key(i), StoredValues.Now) is null)
            {
                gone.Add(i);
            }
        }

        return gone;
    }
}
