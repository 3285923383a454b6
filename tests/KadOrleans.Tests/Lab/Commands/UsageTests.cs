namespace KadOrleans.Tests.Lab;

public sealed class UsageTests
{
    /// <summary>A command line, and what the sentence must have: the argument, the value, what is allowed.</summary>
    public static TheoryData<string, string[]> Mistakes => new()
    {
        { "", ["command", "'kad-lab --help'"] },
        { "bnch", ["'bnch'", "did you mean 'bench'?"] },
        { "bench --frobnicate", ["'--frobnicate'", "not a known option of 'kad-lab bench'", "'kad-lab bench --help'"] },
        { "simulate --nodes 0", ["--nodes", "'0'", "1 to 1000000"] },
        { "simulate --nodes 1000001", ["--nodes", "'1000001'", "1 to 1000000"] },
        { "simulate --nodes many", ["--nodes", "'many'", "a whole number"] },
        { "simulate --seed 1.5", ["--seed", "'1.5'", "a whole number"] },
        { "simulate --seed 99999999999", ["--seed", "'99999999999'", "2147483647"] },
        { "simulate --loss 91", ["--loss", "'91'", "0 to 90"] },
        { "simulate --loss NaN", ["--loss", "'NaN'", "0 to 90"] },
        { "simulate --latency 50-10", ["--latency", "'50-10'", "MIN-MAX"] },
        { "simulate --latency 5000", ["--latency", "'5000'", "0 to 4000"] },
        { "simulate --latency 10-", ["--latency", "'10-'", "0 to 4000"] },
        { "simulate --churn 10", ["--churn", "'10'", "--hours", "'0'", "8760"] },
        { "simulate --churn 1001 --hours 1", ["--churn", "'1001'", "0 to 1000"] },
        { "simulate --dead 100", ["--dead", "'100'", "0 to 99"] },
        { "simulate --liars -1", ["--liars", "'-1'", "0 to 99"] },
        { "simulate --dead 60 --liars 60", ["--dead", "'60'", "--liars", "99"] },
        { "simulate --lookups -1", ["--lookups", "'-1'", "0 to 10000000"] },
        { "simulate --hours 8761", ["--hours", "'8761'", "0 to 8760"] },
        { "simulate --values 1000001", ["--values", "'1000001'", "0 to 1000000"] },
        { "simulate --refresh-interval 0", ["--refresh-interval", "'0'", "0.1 to 168"] },
        { "simulate --look-interval 0", ["--look-interval", "'0'", "0.1 to 8760"] },
        { "simulate --walk-interval 90000", ["--walk-interval", "'90000'", "0 to 86400"] },
        { "upkeep --nodes 1", ["--nodes", "'1'", "2 to 100000"] },
        { "upkeep --values -1", ["--values", "'-1'", "0 to 1000000"] },
        { "upkeep --dead 100", ["--dead", "'100'", "0 to 99"] },
        { "upkeep --churn lots", ["--churn", "'lots'", "a number"] },
        { "upkeep --bytes 8138", ["--bytes", "'8138'", "1 to 8137"] },
        { "upkeep --upload 100", ["--upload", "'100'", "16384", "0 for no bound"] },
        { "upkeep --hours 0", ["--hours", "'0'", "0.1 to 48"] },
        { "upkeep --spread 61", ["--spread", "'61'", "0 to 60"] },
        { "upkeep --own --spread 30", ["--spread", "'30'", "--own"] },
        { "upkeep --seed x", ["--seed", "'x'", "a whole number"] },
        { "simulate --nods 5", ["'--nods'", "'--nodes'"] },
        { "bench --op fly", ["--op", "'fly'", "ping, find_node, find_value, find_missing, store, store_new, mix"] },
        { "bench --seconds 0", ["--seconds", "'0'", "1 to 3600"] },
        { "bench --in-flight 65537", ["--in-flight", "'65537'", "1 to 65536"] },
        { "bench --sources 1001", ["--sources", "'1001'", "1 to 1000"] },
        { "bench --rate 0", ["--rate", "'0'", "1 to 10000000"] },
        { "bench --contacts 1001", ["--contacts", "'1001'", "0 to 1000"] },
        { "bench --keys 0", ["--keys", "'0'", "1 to 1000000"] },
        { "bench --target 192.0.2.1:9 --contacts 5", ["--contacts", "'5'", "127.0.0.0/8", "192.0.2.1:9"] },
        { "bench --target self --target self", ["--target", "two are named 'self'", "edge=127.0.0.1:7821"] },
        { "bench --target a=127.0.0.1:9 --target a=127.0.0.1:10", ["--target", "'a'", "edge=127.0.0.1:7821"] },
        { "bench --python --target python=127.0.0.1:9", ["--target", "two are named 'python'"] },
        { "bench --target =127.0.0.1:9", ["--target", "'=127.0.0.1:9'", "edge=127.0.0.1:7821"] },
        { "bench --target edge=nowhere", ["--target", "'nowhere'", "HOST:PORT"] },
        { "bench --target nowhere", ["--target", "'nowhere'", "HOST:PORT"] },
        { "bench --target [::1]:9", ["--target", "'[::1]:9'", "IPv4"] },
        { "bench --target 192.0.2.1:9 --sources 2", ["--sources", "'2'", "127.0.0.0/8"] },
        { "cost --puts -1", ["--puts", "'-1'", "0 to 10000000"] },
        { "cost --gets x", ["--gets", "'x'", "a number"] },
        { "cost --bytes 8193", ["--bytes", "'8193'", "0 to 8192"] },
        { "cost --keys 1.5", ["--keys", "'1.5'", "a whole number"] },
        { "cost --ids 1000001", ["--ids", "'1000001'", "0 to 1000000"] },
        { "cost --edges -1", ["--edges", "'-1'", "0 to 100000"] },
        { "cost --silos 10001", ["--silos", "'10001'", "0 to 10000"] },
        { "cost --shards 100", ["--shards", "'100'", "a power of two", "1 to 65536"] },
        { "cost --shards 0", ["--shards", "'0'", "1 to 65536"] },
        { "cost --save-interval 0", ["--save-interval", "'0'", "0.1 to 60"] },
        { "cost --write-ms NaN", ["--write-ms", "'NaN'", "0 to 10000"] },
        { "cost --storage disk", ["--storage", "'disk'", "azure-blobs, azure-tables, postgresql, sqlite, all"] },
        { "bench-echo --answers 5:x", ["--answers", "'x'", "0 to 9216"] },
        { "signatures flood 20 251", ["signatures", "'signatures flood 20 251'", "from 1 to 250"] },
        { "storage put folder many 4", ["KEYS", "'many'", "1 to 2147483647"] },
        { "http 3 x", ["http", "'x'", "1 to 2147483647"] },
        { "faults histories --node --seed x", ["--seed", "'x'", "a whole number"] },
        { "network 0", ["'network 0'", "a whole number above 0"] },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_mistake_is_named_and_ends_with_2(string commandLine, string[] words)
    {
        var run = await LabRun.RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.All(words, word => Assert.Contains(word, run.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("Exception", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData()]
    [InlineData("simulate")]
    [InlineData("upkeep")]
    [InlineData("bench")]
    [InlineData("cost")]
    [InlineData("faults", "histories")]
    public async Task Every_help_has_at_least_two_examples(params string[] command)
    {
        var run = await LabRun.RunAsync([.. command, "--help"]);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Empty(run.Error);
        var examples = run.Output[run.Output.IndexOf("Examples:", StringComparison.Ordinal)..];
        Assert.True(examples.Split('\n').Count(line => line.Contains("kad-lab " + string.Join(' ', command), StringComparison.Ordinal)) >= 2);
    }
}
