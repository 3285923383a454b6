namespace KadOrleans.Tests.Shards;

/// <summary>What a key takes of a silo's heap, in a process that has nothing else on its heap.</summary>
public sealed class MemoryTests
{
    [Theory]
    [InlineData(200_000, 64)]
    [InlineData(200_000, 256)]
    public async Task A_key_whose_value_is_in_storage_takes_at_most_68_bytes(int keys, int valueBytes) =>
        Assert.InRange(await MeasureAsync(keys, valueBytes, "storage"), 50, CostEstimate.IndexPerKey);

    [Theory]
    [InlineData(100_000, 64)]
    [InlineData(100_000, 256)]
    [InlineData(130_000, 64)]
    [InlineData(200_000, 256)]
    public async Task A_cached_value_takes_no_more_heap_than_the_cache_counts(int keys, int valueBytes)
    {
        var counted = CostEstimate.IndexPerKey + CachedValue.Overhead + valueBytes;
        Assert.InRange(await MeasureAsync(keys, valueBytes, "cache"), 0.6 * counted, counted);
    }

    private static async Task<double> MeasureAsync(int keys, int valueBytes, string place)
    {
        await using var process = ChildProcess.Start(
            LabCommand.Name, Environment.CurrentDirectory, "memory", "keys", $"{keys}", $"{valueBytes}", place);
        var line = await process.ReadLineAsync();
        Assert.Equal(0, await process.ExitAsync());
        TestContext.Current.TestOutputHelper?.WriteLine(line!);
        return double.Parse(line!.Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
