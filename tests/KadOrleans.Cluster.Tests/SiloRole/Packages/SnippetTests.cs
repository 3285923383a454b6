namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What the documents show compiles as it stands there. Whole programs are run by ReleaseBlocksTests.</summary>
public sealed class SnippetTests
{
    private static readonly SnippetProgram Program = new(
        [
            "KadOrleans", "KadOrleans.Core.Items", "KadOrleans.Node", "KadOrleans.Server", "KadOrleans.Signatures", "Microsoft.Extensions.DependencyInjection",
            "Microsoft.Extensions.Hosting", "OpenTelemetry.Metrics", "OpenTelemetry.Trace", "Orleans.Connections.Security", "Orleans.Hosting",
        ],
        new Dictionary<string, string>
        {
            ["args"] = "string[]",
            ["builder"] = "Microsoft.Extensions.Hosting.IHostApplicationBuilder",
            ["certificate"] = "System.Security.Cryptography.X509Certificates.X509Certificate2",
            ["configuration"] = "Microsoft.Extensions.Configuration.IConfiguration",
            ["dht"] = "KadOrleans.IDht",
            ["item"] = "KadOrleans.Core.Items.Item",
            ["next"] = "KadOrleans.Core.Items.Item",
            ["owner"] = "KadOrleans.ItemSigner",
            ["client"] = "Orleans.Hosting.IClientBuilder",
            ["host"] = "Microsoft.Extensions.Hosting.IHost",
        });

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Each_block_of_code_compiles()
    {
        var snippets = Snippet.OfAll("csharp", "cs").Where(snippet => !snippet.IsAppHost && !snippet.IsProgram).ToList();

        Assert.NotEmpty(snippets);
        Assert.Empty(await Program.BuildAsync(snippets));
    }
}
