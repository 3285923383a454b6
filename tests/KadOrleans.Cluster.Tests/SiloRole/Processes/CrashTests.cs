namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A background service that fails ends its process, and not as if the process had been told to stop.</summary>
public sealed class CrashTests : FolderTests
{
    [Theory]
    [InlineData("kad-silo: The silo failed: There is no room.", "Kad:Role=SiloAndEdge")]
    [InlineData("The edge failed: There is no room.", "Kad:Role=Edge")]
    public async Task A_process_whose_edge_fails_ends_with_code_1_and_a_sentence(string sentence, string role)
    {
        var gateway = FreePort.Tcp();
        await using var silo = await HostedSilo.StartAsync(Path.Combine(Folder, "silo"), $"Kad:Silo:GatewayPort={gateway}");

        var run = await EndedRun.OfSiloAsync(Folder, new FullOutput(), role, "Kad:Edge:Name=fails", $"Kad:Cluster:Gateway=127.0.0.1:{gateway}");

        Assert.Equal((1, sentence), (run.Code, run.Lines[^1].Trim()));
    }

    /// <summary>A file on a disk that is full by the time an edge says where it listens.</summary>
    private sealed class FullOutput : StringWriter
    {
        public override void WriteLine(string? value)
        {
            if (value?.StartsWith("listening", StringComparison.Ordinal) == true)
            {
                throw new IOException("There is no room.");
            }

            base.WriteLine(value);
        }
    }
}
