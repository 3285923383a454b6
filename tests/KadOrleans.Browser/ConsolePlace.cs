using System.Net.Http.Headers;
using KadOrleans.Node;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace KadOrleans.Browser;

/// <summary>A console that is served, and a browser before it. Both are started once for a class of tests.</summary>
public abstract class ConsolePlace : IAsyncLifetime
{
    /// <summary>How long a page may take to show what a test expects.</summary>
    public const float TimeoutMilliseconds = 60_000;

    private readonly List<KadNode> _nodes = [];
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private HttpClient? _http;

    /// <summary>Where HTTP is served.</summary>
    public Uri Address { get; private set; } = new("http://localhost");

    /// <summary>A token with all scopes.</summary>
    public abstract string Manager { get; }

    /// <summary>A token with the scope view alone.</summary>
    public abstract string Viewer { get; }

    /// <summary>Whether it is a cluster.</summary>
    public virtual bool IsCluster => false;

    /// <summary>A token with the scope read alone.</summary>
    public abstract string Reader { get; }

    /// <summary>Datagrams a second at which a crawl of this network takes some seconds.</summary>
    public virtual string WatchableCrawl => "5";

    /// <summary>The API, under the token with all scopes.</summary>
    public HttpClient Http => _http!;

    /// <summary>Adds a node of this process to the network.</summary>
    protected async Task<KadNode> AddNodeAsync(params IReadOnlyCollection<string> bootstrap)
    {
        var node = await KadNode.CreateBuilder(static _ => { }).UseUdp("127.0.0.1:0").BuildAsync();
        _nodes.Add(node);
        await node.StartAsync();
        if (bootstrap.Count > 0)
        {
            await node.BootstrapAsync(bootstrap);
        }

        return node;
    }

    /// <summary>Starts what serves the console, in a network of several nodes.</summary>
    protected abstract Task<Uri> StartAsync();

    /// <summary>Ends it.</summary>
    protected abstract Task StopAsync();

    public async ValueTask InitializeAsync()
    {
        if (Machine.Missing(Need.Chromium) is not null)
        {
            return;
        }

        // Processes start and answer slowly on a machine that runs other suites.
        Assertions.SetDefaultExpectTimeout(TimeoutMilliseconds);
        Address = await StartAsync();
        _http = new HttpClient { BaseAddress = Address };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Manager);
        _playwright = await Playwright.CreateAsync();

        // The sandbox needs rights that build machines often lack. These pages are our own.
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Machine.Chromium, Args = ["--no-sandbox"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        _http?.Dispose();
        if (Machine.Missing(Need.Chromium) is null)
        {
            await StopAsync();
        }

        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        GC.SuppressFinalize(this);
    }

    /// <summary>Stores a string under a key, in the network too.</summary>
    public async Task PutAsync(string key, string value)
    {
        using var put = await Http.PutAsync(
            new Uri($"/v1/keys/{key}", UriKind.Relative), new StringContent(value), TestContext.Current.CancellationToken);
        put.EnsureSuccessStatusCode();
    }

    /// <summary>Runs a test in a window that is logged in, at a page. Nothing may go wrong in its scripts.</summary>
    public async Task RunAsync(string token, string path, string heading, Func<ConsoleWindow, Task> test)
    {
        await using var window = await LogInAsync(token, path, heading);
        await test(window);
        Assert.Empty(window.Errors);
    }

    /// <summary>Opens a window with cookies of its own, before the login. A script runs in each of its pages first.</summary>
    public async Task<ConsoleWindow> OpenAsync(int width = 1280, int height = 800, ColorScheme colors = ColorScheme.Light, string? script = null)
    {
        var context = await _browser!.NewContextAsync(new() { BaseURL = Address.ToString(), ViewportSize = new() { Width = width, Height = height }, ColorScheme = colors });
        if (script is not null)
        {
            await context.AddInitScriptAsync(scriptPath: script);
        }

        return await ConsoleWindow.OpenAsync(context);
    }

    /// <summary>Opens a window, logs in, and goes to a page if one is given.</summary>
    public async Task<ConsoleWindow> LogInAsync(string token, string? path = null, string heading = "")
    {
        var window = await OpenAsync();
        await window.LogInAsync(token);
        if (path is not null)
        {
            await window.GoAsync(path, heading);
        }

        return window;
    }
}
