using System.Globalization;
using KadOrleans.Storage.KillTarget;

// 'hold FOLDER' opens the database and keeps it open until the input ends. 'write FOLDER FIRST' stores values numbered from FIRST until it is
// killed, and prints each. 'rewrite FOLDER FIRST' does so with long values of few keys.
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
    var first = int.Parse(args[2], CultureInfo.InvariantCulture);
    await Task.WhenAll(Enumerable.Range(0, Workload.Writers).Select(writer => Task.Run(() => WriteForeverAsync(first + writer))));

    async Task WriteForeverAsync(int begin)
    {
        for (var number = begin; ; number += Workload.Writers)
        {
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
