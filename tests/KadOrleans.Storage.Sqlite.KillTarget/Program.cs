using System.Globalization;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite;
using KadOrleans.Storage.Sqlite.KillTarget;

// 'hold FOLDER' opens the database and keeps it open until the input ends. 'write FOLDER FIRST' stores values numbered from FIRST until it is
// killed, and prints each. 'rewrite FOLDER FIRST' does so with long values of few keys.
const int Writers = 64;

try
{
    await using var database = SqliteDatabase.Open(args[1], StoreQuota.Unlimited);
    Console.WriteLine(Workload.Opened);
    if (args[0] == "hold")
    {
        await Console.In.ReadToEndAsync();
        return 0;
    }

    var store = new SqliteKeyStore(database);
    var last = int.Parse(args[2], CultureInfo.InvariantCulture) - 1;
    await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(WriteForeverAsync)));

    async Task WriteForeverAsync()
    {
        while (true)
        {
            var number = Interlocked.Increment(ref last);
            var put = args[0] == "rewrite"
                ? store.PutAsync(Workload.RewrittenKey(number), Workload.RewrittenValue(number))
                : store.PutAsync(Workload.Key(number), Workload.Value(number));
            if (await put == StoreResult.Stored)
            {
                Console.WriteLine(Workload.Acknowledge(number));
            }
        }
    }
}
catch (KeyStoreException exception)
{
    Console.WriteLine(exception.Message);
    return 1;
}

return 0;
