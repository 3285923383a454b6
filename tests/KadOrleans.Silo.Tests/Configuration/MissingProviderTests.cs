using KadOrleans.Testing.Processes;

namespace KadOrleans.Silo.Tests.Configuration;

/// <summary>Settings that need a provider which the default executables lack.</summary>
public sealed class MissingProviderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-provider-").FullName;

    [Theory]
    [InlineData("Silo", "Kad:Storage is 'AzureStorage', which KadOrleans.Silo lacks; KadOrleans.Silo.Full has it, and Local or AdoNet are allowed here.",
        "Kad:Storage=AzureStorage", "Kad:Azure:ConnectionString=UseDevelopmentStorage=true")]
    [InlineData("Edge", "Kad:Storage is 'AzureStorage', which KadOrleans.Edge lacks; KadOrleans.Edge.Full has it, and Local or AdoNet are allowed here.",
        "Kad:Storage=AzureStorage", "Kad:Azure:ConnectionString=UseDevelopmentStorage=true")]
    [InlineData("Silo", "Kad:Tls:Certificate is 'a.crt', but KadOrleans.Silo lacks TLS; KadOrleans.Silo.Full has it, and no setting of Kad:Tls is allowed here.",
        "Kad:Tls:Certificate=a.crt", "Kad:Tls:Key=a.key")]
    [InlineData("Edge", "Kad:Tls:Store:Subject is 'edge', but KadOrleans.Edge lacks TLS; KadOrleans.Edge.Full has it, and no setting of Kad:Tls is allowed here.",
        "Kad:Tls:Store:Subject=edge")]
    public async Task It_is_refused_in_a_sentence_that_names_the_executable_that_has_it(string part, string sentence, params string[] settings)
    {
        await using var process = ChildProcess.Start($"KadOrleans.{part}", _folder, ["Kad:Http=127.0.0.1:0", "Kad:Edge:Listen=127.0.0.1:0", .. settings]);

        Assert.Equal(2, await process.ExitAsync());
        Assert.Equal(sentence, process.Error.Text.Trim().Replace("kad-silo: ", string.Empty, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_export_is_refused_alike()
    {
        await using var process = ChildProcess.Start("KadOrleans.Edge", _folder, ["export", "-", "Kad:Tls:Certificate=a.crt", "Kad:Tls:Key=a.key"]);

        Assert.Equal(2, await process.ExitAsync());
        Assert.StartsWith("Kad:Tls:Certificate is 'a.crt', but KadOrleans.Edge lacks TLS; ", process.Error.Text, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
