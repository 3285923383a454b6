using KadOrleans.Testing.Documents;

namespace KadOrleans.Silo.Tests.Packages;

/// <summary>What the documents show compiles as it stands there.</summary>
public sealed class SnippetTests
{
    private static readonly SnippetProgram Program = new(
        [
            "KadOrleans", "KadOrleans.Client.Hosting", "KadOrleans.GrainStorage.Sqlite", "KadOrleans.Node", "KadOrleans.Storage.Sqlite.Hosting",
            "KadOrleans.Tls.Hosting", "KadOrleans.Transport.Udp.Hosting", "Microsoft.Extensions.DependencyInjection",
            "Microsoft.Extensions.Hosting", "Orleans.Connections.Security", "Orleans.Hosting",
        ],
        new Dictionary<string, string>
        {
            ["args"] = "string[]",
            ["certificate"] = "System.Security.Cryptography.X509Certificates.X509Certificate2",
            ["client"] = "Orleans.Hosting.IClientBuilder",
            ["configuration"] = "Microsoft.Extensions.Configuration.IConfiguration",
            ["host"] = "Microsoft.Extensions.Hosting.IHost",
        });

    [Fact]
    public async Task Each_block_of_code_compiles()
    {
        var snippets = Snippet.OfAll("csharp", "cs").ToList();

        Assert.NotEmpty(snippets);
        Assert.Empty(await Program.BuildAsync(snippets));
    }
}
