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

        var run = await EndedRun.OfSiloAsync(Folder, new FailingOutput(), role, "Kad:Edge:Name=fails", $"Kad:Cluster:Gateway=127.0.0.1:{gateway}");

        Assert.Equal((1, sentence), (run.Code, run.Lines[^1].Trim()));
    }

    /// <summary>Has a fault by the time an edge says where it listens. Output that cannot be written would end no server.</summary>
    private sealed class FailingOutput : StringWriter
    {
        public override void Write(char[] buffer, int index, int count)
        {
            if (buffer.AsSpan(index, count).StartsWith("listening"))
            {
                throw new InvalidOperationException("There is no room.");
            }

            base.Write(buffer, index, count);
        }
    }
}
