using KadOrleans.Browser;
using KadOrleans.Http.Access;
using KadOrleans.Testing;
using KadOrleans.Testing.Processes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KadOrleans.WebConsole.Tests.Browsing;

/// <summary>The console of a real <c>kad node</c> in a network of six.</summary>
public sealed class NodeConsoleTests(NodeConsoleTests.Place place) : ConsoleContract(place), IClassFixture<NodeConsoleTests.Place>
{
    // The pages of a cluster are the same.
    [Theory]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(Phone, ColorScheme.Light)]
    public Task Each_page_opens_in_the_dark_and_on_a_phone(int width, ColorScheme colors) => OpenEachPageAsync(width, colors);

    [Fact]
    public async Task A_node_has_no_shards_to_double()
    {
        await using var window = await Served.OpenAsync();
        await window.LogInAsync(Served.Manager);
        await window.GoAsync("usage", "Usage");

        await Expect(window.Page.GetByText("A node holds its keys in one file, without shards.")).ToBeVisibleAsync();
        await Expect(window.Heading("Number of shards")).ToHaveCountAsync(0);
        Assert.DoesNotContain(window.Requests, request => request.EndsWith("/shards", StringComparison.Ordinal));
        Assert.Empty(window.Errors);
    }

    /// <summary>The node, and the others.</summary>
    public sealed class Place : ConsolePlace
    {
        private readonly TemporaryFolder _folder = new();
        private readonly List<NodeProcess> _nodes = [];
        private readonly (string Secret, ApiToken Token) _manager = ApiToken.Create("manager", ApiScope.All);
        private readonly (string Secret, ApiToken Token) _viewer = ApiToken.Create("viewer", [ApiScope.View]);
        private readonly (string Secret, ApiToken Token) _reader = ApiToken.Create("reader", [ApiScope.Read]);

        public override string Manager => _manager.Secret;

        public override string Viewer => _viewer.Secret;

        public override string Reader => _reader.Secret;

        protected override async Task<Uri> StartAsync()
        {
            File.WriteAllText(_folder["tokens.json"], ApiTokens.Write([_manager.Token, _viewer.Token, _reader.Token]));
            var first = await NodeProcess.StartAsync("--data", _folder["data"], "--http-tokens", _folder["tokens.json"]);
            _nodes.Add(first);
            for (var i = 0; i < 5; i++)
            {
                _nodes.Add(await NodeProcess.StartAsync("--in-memory", "--bootstrap", first.Address));
            }

            await first.HasContactsAsync(5);
            return new Uri($"http://{first.HttpAddress}");
        }

        protected override async Task StopAsync()
        {
            foreach (var node in _nodes)
            {
                await node.DisposeAsync();
            }

            _folder.Dispose();
        }
    }
}
