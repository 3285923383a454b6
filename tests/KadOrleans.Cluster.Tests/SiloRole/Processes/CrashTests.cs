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
        await using var error = new StringWriter();

        var code = await ServerProgram.RunAsync(
            [
                role, "Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Edge:Listen=127.0.0.1:0",
                "Kad:Edge:Name=fails", $"Kad:Data={Folder}", $"Kad:Cluster:Gateway=127.0.0.1:{gateway}",
            ],
            new KadProviders(),
            new FullOutput(),
            TextWriter.Synchronized(error));

        Assert.Equal((1, sentence), (code, error.ToString().Trim().Split(Environment.NewLine)[^1]));
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
