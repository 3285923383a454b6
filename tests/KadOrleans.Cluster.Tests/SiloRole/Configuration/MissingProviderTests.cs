namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Settings that need a provider which the default executables lack.</summary>
public sealed class MissingProviderTests : FolderTests
{
    [Theory]
    [InlineData("Silo", "Kad:Storage is 'AzureStorage', which kad-server lacks; kad-server-full has it, and Local or AdoNet are allowed here.",
        "Kad:Storage=AzureStorage", "Kad:Azure:ConnectionString=UseDevelopmentStorage=true")]
    [InlineData("Edge", "Kad:Storage is 'AzureStorage', which kad-server lacks; kad-server-full has it, and Local or AdoNet are allowed here.",
        "Kad:Storage=AzureStorage", "Kad:Azure:ConnectionString=UseDevelopmentStorage=true")]
    [InlineData("Silo", "Kad:Tls:Certificate is 'a.crt', but kad-server lacks TLS; kad-server-full has it, and no setting of Kad:Tls is allowed here.",
        "Kad:Tls:Certificate=a.crt", "Kad:Tls:Key=a.key")]
    [InlineData("Edge", "Kad:Tls:Store:Subject is 'edge', but kad-server lacks TLS; kad-server-full has it, and no setting of Kad:Tls is allowed here.",
        "Kad:Tls:Store:Subject=edge")]
    public async Task It_is_refused_in_a_sentence_that_names_the_executable_that_has_it(string part, string sentence, params string[] settings)
    {
        var run = part == "Silo" ? await EndedRun.OfSiloAsync(Folder, settings) : await EndedRun.OfEdgeAsync(settings);

        Assert.Equal(2, run.Code);
        Assert.Equal(sentence, run.Errors.Trim().Replace("kad-silo: ", string.Empty, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_executable_of_an_edge_ends_with_the_sentence()
    {
        await using var edge = ChildProcess.Start("kad-server", Folder, "Kad:Role=Edge", "Kad:Storage=AzureStorage", "Kad:Azure:ConnectionString=UseDevelopmentStorage=true");

        Assert.Equal(2, await edge.ExitAsync());
        Assert.StartsWith("Kad:Storage is 'AzureStorage', which kad-server lacks; ", edge.Error.Text, StringComparison.Ordinal);
    }
}
