using System.Globalization;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A background service that fails ends its process, and not as if the process had been told to stop.</summary>
public sealed class CrashTests : FolderTests
{
    [Fact]
    public async Task A_silo_whose_edge_fails_ends_with_code_1_and_a_sentence()
    {
        await using var error = new StringWriter();

        var code = await ServerProgram.RunAsync(
            ["Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Edge:Listen=127.0.0.1:0", $"Kad:Data={Folder}"],
            new KadProviders(),
            new FullOutput(),
            TextWriter.Synchronized(error));

        Assert.Equal((1, "kad-silo: The silo failed: There is no room."), (code, error.ToString().Trim().Split(Environment.NewLine)[^1]));
    }

    [Fact]
    public async Task An_edge_that_fails_ends_with_code_1_and_a_sentence()
    {
        await using var silo = new SiloServer(Folder);
        await silo.StartAsync();
        await using var error = new StringWriter();

        var code = await ServerProgram.RunAsync(
            [
                "Kad:Role=Edge", "Kad:Http=127.0.0.1:0", "Kad:Edge:Listen=127.0.0.1:0", "Kad:Edge:Name=fails",
                silo.GatewaySetting,
            ],
            new KadProviders(),
            new FullOutput(),
            TextWriter.Synchronized(error));

        Assert.Equal((1, "The edge failed: There is no room."), (code, error.ToString().Trim().Split(Environment.NewLine)[^1]));
    }

    /// <summary>A file on a disk that is full by the time an edge says where it listens.</summary>
    private sealed class FullOutput : StringWriter
    {
        public FullOutput()
            : base(CultureInfo.InvariantCulture)
        {
        }

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
