using System.Net;
using KadOrleans.Core;
using KadOrleans.Hostile.Processes;
using KadOrleans.Hostile.Sockets;

namespace KadOrleans.Hostile.Tests.Processes;

/// <summary>What happens to a node whose files are damaged or taken away, and who may read its pages.</summary>
public sealed class DurableNodeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("kad-hostile-").FullName;

    [Fact]
    public async Task One_flipped_bit_costs_values_of_one_segment_and_never_serves_a_wrong_one()
    {
        NodeId[] keys = [.. Enumerable.Range(0, 300).Select(i => NodeId.FromKey($"key {i}"))];
        await using (var node = await DurableNode.StartAsync(_folder))
        {
            Assert.Equal(keys.Length, await node.StoreAsync(keys, Patience));
            Assert.Equal(0, await node.StopAsync());
        }

        await FlipBitAsync(Path.Combine(_folder, "kad.db"), keys[150]);
        await using var again = await DurableNode.StartAsync(_folder);
        var (right, wrong) = await again.ReadAsync(keys);

        Assert.Equal(0, wrong);
        Assert.InRange(right, 1, keys.Length);
        Assert.Contains("keys are known to be lost", again.Log, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Files_that_are_removed_beneath_a_node_are_noticed_before_a_store_is_acknowledged()
    {
        await using var node = await DurableNode.StartAsync(_folder);
        Assert.Equal(1, await node.StoreAsync([NodeId.FromKey("before")], Patience));
        foreach (var file in Directory.GetFiles(_folder, "kad.db*"))
        {
            File.Delete(file);
        }

        var acknowledged = await node.StoreAsync(
            Enumerable.Range(0, 5).Select(i => NodeId.FromKey($"after {i}")), TimeSpan.FromSeconds(1));

        Assert.Equal(0, acknowledged);
        await NodeUnderTest.EventuallyAsync(
            () => node.GetAsync("/health/ready"), status => status == HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Pages_are_not_served_under_a_strangers_host_name()
    {
        await using var node = await DurableNode.StartAsync(_folder);

        Assert.Equal(HttpStatusCode.OK, await node.GetAsync("/status"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await node.GetAsync("/status", host: "evil.example.com"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

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
