using System.Net.Http.Headers;

namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>A silo in a container, as the manifests let it run: it serves, and ends in time.</summary>
[Needs(Need.Podman)]
[Trait("Tier", "Long")]
public sealed class ServerImageTests : FolderTests
{
    [Fact]
    public async Task A_silo_serves_under_the_manifests_security_context_and_ends_within_its_grace_period()
    {
        var image = new ServerImage(Folder);
        await image.BuildAsync();
        var (secret, token) = ApiToken.Create("operator", ApiScope.All);
        var secrets = Directory.CreateDirectory(Path.Combine(Folder, "tokens")).FullName;
        await File.WriteAllTextAsync(Path.Combine(secrets, "tokens.json"), ApiTokens.Write([token]));
        var manifests = Manifests.Of("base");
        var (pod, http) = (manifests.Silo.Pod(), FreePort.Tcp());
        var environment = ContainerEnvironment.Of(manifests, manifests.Silo);
        (string Name, string Value)[] here =
        [
            ("Kad__Http", $"127.0.0.1:{Text(http)}"), ("Kad__Silo__Port", Text(FreePort.Tcp())), ("Kad__Silo__GatewayPort", Text(FreePort.Tcp())),
            ("Orleans__Endpoints__AdvertisedIPAddress", "127.0.0.1"), ("Kad__Data", "/data"),
        ];
        foreach (var (name, value) in here)
        {
            environment[name] = value;
        }

        var container = await image.StartAsync(pod, manifests.Silo.Container(), environment, secrets);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Text(http)}") };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            await Eventually.ReadAsync(() => ReadyAsync(client), isReady => isReady);
            using var value = new StringContent("hello");
            using var set = await client.PutAsync(new Uri("/v1/keys/greeting?wait=durable", UriKind.Relative), value);
            Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync());
            var got = JsonNode.Parse(await client.GetStringAsync(new Uri("/v1/keys/greeting", UriKind.Relative)))!;
            Assert.Equal("hello", got["value"]!.GetValue<string>());

            // What the kubelet waits for, before it kills.
            var grace = TimeSpan.FromSeconds(int.Parse(pod.Text("terminationGracePeriodSeconds")!, CultureInfo.InvariantCulture));
            await image.PodmanAsync("kill", "--signal", "TERM", container);
            Assert.Equal("0", await image.PodmanAsync("wait", container).WaitAsync(grace, TestContext.Current.CancellationToken));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"The container's log:\n{await image.PodmanAsync("logs", container)}", e);
        }
        finally
        {
            await image.PodmanAsync("rm", "--force", "--time", "0", container);
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static async Task<bool> ReadyAsync(HttpClient client)
    {
        try
        {
            using var response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
