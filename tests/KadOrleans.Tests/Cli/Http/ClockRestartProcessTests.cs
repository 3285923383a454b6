using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace KadOrleans.Tests.Cli;

/// <summary>The clock of a node without a battery is set right by a time service, and the node is killed soon after.</summary>
public sealed class ClockRestartProcessTests
{
    [Fact]
    [Needs(Need.FakeTime)]
    public async Task What_was_put_by_a_wrong_clock_is_there_after_a_kill_and_a_start_with_the_right_one()
    {
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        var clock = new FakedClock(elsewhere.Path);
        clock.Set(-TimeSpan.FromDays(30));
        await using (var node = await NodeProcess.StartAsync(clock.Variables, "--data", folder.Path))
        {
            using var http = Client(node, folder);
            await PutAsync(http, "behind?wait=durable");
            await PutAsync(http, "behind-for-a-week?life=604800");
            clock.Set(TimeSpan.Zero);
            await PutAsync(http, "after?life=604800");
            await node.Process.KillAsync();
        }

        await using var again = await NodeProcess.StartAsync(clock.Variables, "--data", folder.Path);
        using var client = Client(again, folder);
        foreach (var key in new[] { "behind", "behind-for-a-week", "after" })
        {
            var got = await client.GetFromJsonAsync<JsonElement>(new Uri($"/v1/keys/{key}", UriKind.Relative));
            Assert.True(got.GetProperty("found").GetBoolean(), $"{key}: {got}");
        }

        Assert.False((await again.StatusAsync())["clock"]!["agrees"]!.GetValue<bool>());
    }

    private static async Task PutAsync(HttpClient http, string key)
    {
        using var content = new StringContent("value");
        using var answer = await http.PutAsync(new Uri($"/v1/keys/{key}", UriKind.Relative), content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static HttpClient Client(NodeProcess node, TemporaryFolder folder)
    {
        var http = new HttpClient { BaseAddress = new Uri($"http://{node.HttpAddress}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(folder["http-token"]).Trim());
        return http;
    }
}
