namespace KadOrleans.Tests.Storage;

/// <summary>Each test kills its process as often as <c>KAD_KILLS</c> says, by default four times.</summary>
public sealed class KilledProcessTests : SqliteTests
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("KAD_KILLS") ?? "4", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Every_acknowledged_value_outlives_kills_of_the_process()
    {
        var acknowledged = new HashSet<int>();
        foreach (var enough in Times(1, 100, 1000, 3000))
        {
            await WriteAndKillAsync("write", enough, acknowledged);

            await using var database = Open();
            var held = await database.ReadAllAsync();
            Assert.All(acknowledged, number => Assert.Equal(Workload.Value(number), held.GetValueOrDefault(Workload.Key(number))));
        }
    }

    [Fact]
    public async Task What_was_acknowledged_last_outlives_kills_amid_the_collection_of_what_it_replaced()
    {
        var acknowledged = new HashSet<int>();
        foreach (var enough in Times(1500, 1700, 1900, 2100))
        {
            await WriteAndKillAsync("rewrite", enough, acknowledged);

            await using var database = Open();
            var held = (await database.ReadAllAsync()).ToDictionary(entry => entry.Key, entry => Workload.NumberOf(entry.Value));
            Assert.All(acknowledged, number => Assert.InRange(held[Workload.RewrittenKey(number)], number, int.MaxValue));
            Assert.True(database.Segments.Oldest!.Number > 1 || acknowledged.Count < 2000);
        }
    }

    // The first item of each key is kept, and those that follow replace it.
    [Fact]
    public async Task Each_kept_item_outlives_kills_none_older_and_until_the_same_time()
    {
        var acknowledged = new HashSet<int>();
        foreach (var enough in Times(300, 500, 900, 1500))
        {
            await WriteAndKillAsync("keep", enough, acknowledged);

            await using var database = Open();
            var held = await database.ReadAllAsync();
            foreach (var last in acknowledged.GroupBy(number => Workload.KeptItem(number).Key))
            {
                Assert.Equal(Workload.KeptUntil, held[last.Key].KeptUntil);
                Assert.InRange(SignedItems.SeqOf(held[last.Key].Value)!.Value, last.Max(), long.MaxValue);
            }
        }
    }

    private static IEnumerable<int> Times(params int[] acknowledgements) => Enumerable.Range(0, Kills).Select(i => acknowledgements[i % acknowledgements.Length]);

    /// <summary>Kills in the middle of writing, then reads what it had still said.</summary>
    private async Task WriteAndKillAsync(string mode, int enough, HashSet<int> acknowledged)
    {
        var first = acknowledged.Count == 0 ? 0 : acknowledged.Max() + 1;
        await using var other = OtherProcess.Start(mode, Folder.Path, first.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(Workload.Opened, await other.ReadLineAsync());
        var before = acknowledged.Count;
        while (await other.ReadLineAsync() is { } line)
        {
            if (Workload.TryParseAcknowledgement(line, out var number))
            {
                acknowledged.Add(number);
            }

            if (acknowledged.Count == before + enough)
            {
                other.Kill();
            }
        }

        Assert.True(acknowledged.Count >= before + enough);
    }
}

public sealed class LockedFolderTests : SqliteTests
{
    [Fact]
    public async Task A_folder_is_open_in_one_process_at_a_time_whoever_was_refused_meanwhile()
    {
        var message = $"The data folder '{Folder.Path}' is in use by another node, or by a program that reads '{Folder.DatabasePath}', such as a backup; "
            + "stop that node or choose another data folder, or start again when the program has ended.";
        await using (var other = OtherProcess.Start("hold", Folder.Path))
        {
            Assert.Equal(Workload.Opened, await other.ReadLineAsync());
            Assert.Equal(message, Assert.Throws<KeyStoreException>(() => Open()).Message);
            await other.FinishAsync();
        }

        await using var database = Open();
        Assert.Throws<KeyStoreException>(() => Open());
        await using var another = OtherProcess.Start("hold", Folder.Path);
        Assert.Equal(message, await another.ReadLineAsync());
    }
}

/// <summary>Another process on a data folder.</summary>
internal static class OtherProcess
{
    public static ChildProcess Start(params string[] arguments) =>
        ChildProcess.Start(typeof(Workload).Assembly.GetName().Name!, Environment.CurrentDirectory, [KillTargetCommand.Name, .. arguments]);
}
