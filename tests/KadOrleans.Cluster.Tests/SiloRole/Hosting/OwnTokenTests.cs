using System.Net.Http.Headers;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The token that a silo makes if it is a whole cluster on this machine and no tokens are configured.</summary>
public sealed class OwnTokenTests : FolderTests
{
    private string TokenPath => Path.Combine(Folder, "kad-cluster-data", OwnToken.FileName);

    [Fact]
    public async Task A_silo_without_settings_serves_its_management_to_who_can_read_its_data_folder()
    {
        await using var silo = SiloProcess.Start(Folder);
        Assert.EndsWith("/console/", await silo.LineAsync("console http://127.0.0.1:"), StringComparison.Ordinal);
        Assert.EndsWith("/v1", await silo.LineAsync("api http://127.0.0.1:"), StringComparison.Ordinal);
        Assert.Equal($"token {TokenPath}", await silo.LineAsync("token "));
        await silo.ServesAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(silo, null));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(silo, (await File.ReadAllTextAsync(TokenPath)).Trim()));
        using var page = await silo.GetAsync("/console/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        FileModes.AssertOwnersAlone(Path.GetDirectoryName(TokenPath)!);

        // While the only silo stops, Orleans' own services may fail to read.
        Assert.DoesNotContain(" error ", silo.Errors, StringComparison.Ordinal);
        Assert.Equal(0, await silo.StopAsync());
        Assert.False(File.Exists(TokenPath));
    }

    [Fact]
    public async Task A_second_silo_on_the_folder_is_refused_and_leaves_the_token_of_the_first()
    {
        await using var first = await SiloProcess.StartedAsync(Folder);
        var token = await File.ReadAllTextAsync(TokenPath);

        var second = await EndedRun.OfSiloAsync(Folder);

        Assert.Equal(2, second.Code);
        Assert.Contains("is in use by another silo", second.Errors, StringComparison.Ordinal);
        Assert.Equal(token, await File.ReadAllTextAsync(TokenPath));
    }

    [Fact]
    public async Task A_silo_on_the_folder_of_a_node_is_refused_and_makes_nothing_there()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "kad-cluster-data")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "kad.db"), string.Empty);

        var silo = await EndedRun.OfSiloAsync(Folder);

        Assert.Equal(2, silo.Code);
        Assert.Contains(
            "is the data folder of a node, as it has 'kad.db', and not of a silo; choose another data folder with Kad:Data.",
            silo.Errors,
            StringComparison.Ordinal);
        Assert.Equal(["kad.db"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_silo_with_a_file_of_tokens_names_the_file_and_the_console()
    {
        var file = Path.Combine(Folder, "tokens.json");
        await File.WriteAllTextAsync(file, ApiTokens.Write([ApiToken.Create("operator", ApiScope.All).Token]));
        await using var silo = SiloProcess.Start(Folder, $"Kad:Http:Tokens={file}");

        Assert.EndsWith("/console/", await silo.LineAsync("console http://127.0.0.1:"), StringComparison.Ordinal);
        Assert.Equal($"tokens {file}", await silo.LineAsync("tokens "));
    }

    [Theory]
    [InlineData("Kad:Http=0.0.0.0:0", HttpStatusCode.NotFound)]
    [InlineData("Kad:Http:Tokens=tokens.json", HttpStatusCode.Unauthorized)]
    public async Task A_silo_that_others_reach_or_that_has_tokens_makes_none(string setting, HttpStatusCode expected)
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "tokens.json"), ApiTokens.Write([ApiToken.Create("operator", ApiScope.All).Token]));
        await using var silo = await SiloProcess.StartedAsync(Folder, setting);

        Assert.False(File.Exists(TokenPath));
        Assert.Equal(expected, await StatusAsync(silo, null));
    }

    private static async Task<HttpStatusCode> StatusAsync(SiloProcess silo, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Http, "/v1/admin/edges"));
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await SiloProcess.SendAsync(request);
        return response.StatusCode;
    }
}
