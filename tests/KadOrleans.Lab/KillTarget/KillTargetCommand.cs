using KadOrleans.Core.Items;

namespace KadOrleans.Lab;

/// <summary>
/// A process to be killed. Mode <c>hold</c> keeps a database open until the input ends. Modes <c>write</c>, <c>rewrite</c> and <c>keep</c> store
/// values by ascending numbers and print each. The second has long values of few keys, the third items that are kept for their owner.
/// </summary>
internal static class KillTargetCommand
{
    public const string Name = "kill-target";

    public static Command Create(CommandIo io)
    {
        var mode = new Argument<string>("mode") { Description = "hold, write, rewrite or keep." };
        var folder = new Argument<string>("folder");
        var first = new Argument<int>("first") { DefaultValueFactory = _ => 0 };
        var command = new ExampleCommand(Name, "Store values in a folder until the process is killed.")
        {
            Examples = ["kad-lab kill-target hold data", "kad-lab kill-target write data 0"],
            Hidden = true,
        }.With(mode, folder, first);
        command.SetAction((parsed, _) => RunAsync(io, parsed.GetValue(mode)!, parsed.GetValue(folder)!, parsed.GetValue(first)));
        return command;
    }

    private static async Task<int> RunAsync(CommandIo io, string mode, string folder, int first)
    {
        // Its own lock makes a line whole.
        var output = TextWriter.Synchronized(io.Output);
        try
        {
            await using var file = SqliteNodeFile.Open(folder, StoreQuota.Unlimited);
            output.WriteLine(Workload.Opened);
            if (mode == "hold")
            {
                await Console.In.ReadToEndAsync();
                return 0;
            }

            await Task.WhenAll(Enumerable.Range(0, Workload.Writers).Select(writer => Task.Run(() => WriteForeverAsync(file.Keys, first + writer))));
            return 0;
        }
        catch (KeyStoreException exception)
        {
            output.WriteLine(exception.Message);
            return 1;
        }

        async Task WriteForeverAsync(IKeyStore store, int begin)
        {
            for (var number = begin; ; number += Workload.Writers)
            {
                if (await PutAsync(store, number) == StoreResult.Stored)
                {
                    output.WriteLine(Workload.Acknowledge(number));
                }
            }
        }

        ValueTask<StoreResult> PutAsync(IKeyStore store, int number) => mode switch
        {
            "rewrite" => store.PutAsync(Workload.RewrittenKey(number), Workload.RewrittenValue(number)),
            "keep" => KeepAsync(store, Workload.KeptItem(number)),
            _ => store.PutAsync(Workload.Key(number), Workload.Value(number)),
        };

        static ValueTask<StoreResult> KeepAsync(IKeyStore store, Item item) => store.PutAsync(item.Key, Workload.KeptValue(item));
    }
}
