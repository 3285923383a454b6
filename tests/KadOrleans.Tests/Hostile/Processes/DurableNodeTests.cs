namespace KadOrleans.Tests.Hostile;

/// <summary>What happens to a node whose files are damaged or taken away.</summary>
public sealed class DurableNodeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task One_flipped_bit_costs_values_of_one_segment_and_never_serves_a_wrong_one()
    {
        NodeId[] keys = [.. Enumerable.Range(0, 300).Select(i => NodeId.FromKey($"key {i}"))];
        await using (var node = await StartAsync())
        {
            Assert.Equal(keys.Length, await StoreAsync(node, keys, Patience));
            Assert.Equal(0, await node.StopAsync());
        }

        await FlipBitAsync(_folder["kad.db"], keys[150]);
        await using var again = await StartAsync();
        var (right, wrong) = await ReadAsync(again, keys);

        Assert.Equal(0, wrong);
        Assert.InRange(right, 1, keys.Length);
        Assert.Contains("keys are known to be lost", again.Process.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Files_that_are_removed_beneath_a_node_are_noticed_before_a_store_is_acknowledged()
    {
        await using var node = await StartAsync();
        Assert.Equal(1, await StoreAsync(node, [NodeId.FromKey("before")], Patience));
        foreach (var file in Directory.GetFiles(_folder.Path, "kad.db*"))
        {
            File.Delete(file);
        }

        var acknowledged = await StoreAsync(
            node, Enumerable.Range(0, 5).Select(i => NodeId.FromKey($"after {i}")), TimeSpan.FromSeconds(1));

        Assert.Equal(0, acknowledged);
        await Eventually.ReadAsync(() => node.HealthAsync("ready"), status => status == HttpStatusCode.ServiceUnavailable);
    }

    public void Dispose() => _folder.Dispose();

    private Task<NodeProcess> StartAsync() => NodeProcess.StartAsync("--data", _folder.Path);

    /// <summary>STOREs values one after another; how many were acknowledged.</summary>
    private static async Task<int> StoreAsync(NodeProcess node, IEnumerable<NodeId> keys, TimeSpan wait)
    {
        await using var client = Client(node);
        var stored = 0;
        foreach (var key in keys)
        {
            stored += await client.StoreAsync(key, ValueOf(key)).WithinAsync(wait) ? 1 : 0;
        }

        return stored;
    }

    /// <summary>How many of these keys it has the right value of, and of how many a wrong one.</summary>
    private static async Task<(int Right, int Wrong)> ReadAsync(NodeProcess node, IEnumerable<NodeId> keys)
    {
        await using var client = Client(node);
        var (right, wrong) = (0, 0);
        foreach (var key in keys)
        {
            var value = await client.FindValueAsync(key).WithinAsync(TimeSpan.FromSeconds(2));
            right += value == ValueOf(key) ? 1 : 0;
            wrong += value != default && value != ValueOf(key) ? 1 : 0;
        }

        return (right, wrong);
    }

    private static UdpAsker Client(NodeProcess node) => new(IPEndPoint.Parse(node.Address), source: 1, answersPings: true);

    // Long enough that a flipped bit is more likely in a value than in what holds the file together.
    private static DhtValue ValueOf(NodeId key) => DhtValue.FromString(string.Concat(Enumerable.Repeat(key.ToString(), 10)));

    // The last copy: one in the log beside the file may have gone into it since.
    private static async Task FlipBitAsync(string path, NodeId key)
    {
        var bytes = await File.ReadAllBytesAsync(path);
        var place = bytes.AsSpan().LastIndexOf(System.Text.Encoding.UTF8.GetBytes(key.ToString()));
        Assert.True(place >= 0, "the value is not in the file");
        bytes[place] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
    }
}
