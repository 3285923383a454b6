namespace KadOrleans.Tests.Cli;

/// <summary>The packages as a stranger installs them: from a folder, into a new program.</summary>
public sealed class PackageTests
{
    private const string Source = """
        using KadOrleans;
        using KadOrleans.Node;
        using Microsoft.Extensions.DependencyInjection;

        await using var node = await KadNode.CreateBuilder().UseUdp("127.0.0.1:0").UseSqlite("kad-data").BuildAsync();
        await node.StartAsync();
        await node.SetAsync("greeting", "hello", SetAcknowledgement.Durable);
        Console.WriteLine((await node.GetAsync<string>("greeting")).Value);
        """;

    // Packs everything and builds a program: longer than most suites.
    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_new_program_runs_a_node_from_the_packages_and_the_tool_is_installed()
    {
        using var program = new NewProgram();
        await program.PackAsync("KadOrleans.sln");

        program.Write(Source, ["KadOrleans.Storage.Sqlite"]);

        Assert.EndsWith("hello", await program.RunAsync(), StringComparison.Ordinal);
        Assert.StartsWith(NewProgram.Version, await program.RunToolAsync("KadOrleans.Tool", "kad", "--version"), StringComparison.Ordinal);
    }
}
