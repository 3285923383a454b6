namespace KadOrleans.Tests.Lab;

public sealed class CostCommandTests
{
    private static readonly PriceList Prices = PriceList.Read();

    [Fact]
    public async Task Each_storage_has_a_table_and_its_limit()
    {
        var run = await LabRun.RunAsync("cost", "--puts", "1000", "--keys", "1000000", "--ids", "1000", "--edges", "10");

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.All(Prices.Storages, storage => Assert.Contains($"{storage.Name}: 1000 puts/s of 64 bytes", run.Output, StringComparison.Ordinal));
        Assert.All(["log records\t", "routing tables\t", "storage in all\t", "machines\t"], words => Assert.Contains(words, run.Output, StringComparison.Ordinal));
        Assert.Contains("Limit: an account takes some 20,000 operations a second", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_has_operations_money_and_sources()
    {
        var run = await LabRun.RunAsync("cost", "--ids", "1", "--storage", "azure-blobs", "--json");

        var estimate = run.Json["estimates"]![0]!;
        var tables = estimate["items"]!.AsArray().Single(item => (string?)item!["name"] == "routing tables")!;
        Assert.Equal(6 * 730, (double)tables["writes"]!);
        Assert.Equal(0.03, (double)tables["money"]!);
        Assert.Equal(Prices.Storages[0].Source, (string?)estimate["source"]);
        Assert.Equal(0.03, (double)estimate["storageMoney"]!);
    }

    [Fact]
    public void On_tables_a_thousand_puts_a_second_cost_less_than_300_dollars_and_an_idle_id_less_than_5_cents()
    {
        var tables = Prices.Storages.Single(storage => storage.Name == "azure-tables");

        Assert.All((int[])[128, 1024], shards => Assert.InRange(
            CostEstimate.Of(new ClusterLoad { PutsPerSecond = 1000, Keys = 1_000_000, Shards = shards }, tables, Prices).StorageMoney, 50, 300));
        Assert.InRange(CostEstimate.Of(new ClusterLoad { NodeIds = 1000 }, tables, Prices).StorageMoney / 1000, 0, 0.05);
    }

    [Fact]
    public void Operations_are_priced_by_the_ten_thousand()
    {
        var price = Prices.Storages.Single(storage => storage.Name == "azure-blobs");

        Assert.Equal(0.069 + (2 * 0.0044), price.MoneyOf(new Operations(20_000, 10_000)), 9);
    }

    [Fact]
    public void Slow_storage_groups_more_puts_into_a_record()
    {
        Assert.Equal(1, ShardCosts.RecordsPerPut(0.01, TimeSpan.FromMilliseconds(10), 64), 3);
        Assert.Equal(0.01, ShardCosts.RecordsPerPut(1000, TimeSpan.FromMilliseconds(100), 64), 4);

        // A record of 512 KiB has room for 63 values of 8 KiB.
        Assert.Equal(63, ShardCosts.MaxPutsPerSecond(TimeSpan.FromSeconds(1), 8192), 6);
        Assert.Equal(3518, ShardCosts.MaxPutsPerSecond(TimeSpan.FromSeconds(1), 64), 6);
    }

    [Fact]
    public async Task A_load_that_does_not_fit_is_said_to_be_too_much()
    {
        var slow = await LabRun.RunAsync("cost", "--puts", "10000000", "--shards", "1", "--write-ms", "20", "--storage", "azure-blobs");
        Assert.Contains("Too slow:", slow.Output, StringComparison.Ordinal);
        var many = await LabRun.RunAsync("cost", "--puts", "30000", "--shards", "4096", "--storage", "azure-tables");
        Assert.Contains("Too slow:", many.Output, StringComparison.Ordinal);
        var large = await LabRun.RunAsync("cost", "--keys", "100000000", "--silos", "3", "--storage", "postgresql");
        Assert.Contains("Too little memory:", large.Output, StringComparison.Ordinal);
        var fits = await LabRun.RunAsync("cost", "--keys", "100000000", "--puts", "10", "--storage", "postgresql");
        Assert.DoesNotContain("Too ", fits.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Not measured", fits.Output, StringComparison.Ordinal);
        var more = await LabRun.RunAsync("cost", "--puts", "1501", "--storage", "postgresql");
        Assert.Contains("Not measured: 1501 puts/s on this storage; the most that was measured is 1500.", more.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Silos_are_as_many_as_hold_the_keys_with_one_missing()
    {
        var few = CostEstimate.Of(new ClusterLoad { Keys = 1_000_000 }, Prices.Storages[0], Prices);
        Assert.Equal(3, few.Load.Silos);
        var many = CostEstimate.Of(new ClusterLoad { Keys = 100_000_000 }, Prices.Storages[0], Prices);
        Assert.Equal(5, many.Load.Silos);
        Assert.InRange(many.HeapPerSilo, 0.5 * Prices.Machines.LiveBytesPerSilo, Prices.Machines.LiveBytesPerSilo);
    }
}
