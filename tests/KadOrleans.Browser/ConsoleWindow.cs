using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace KadOrleans.Browser;

/// <summary>A window with the console, which notes each error of its pages.</summary>
public sealed class ConsoleWindow : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = new();

    private ConsoleWindow(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.SetDefaultTimeout(ConsolePlace.TimeoutMilliseconds);
        page.PageError += (_, error) => _errors.Enqueue(error);

        // A refused request is a line of the browser's own, and for some tests what they want.
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
            {
                _errors.Enqueue(message.Text);
            }
        };
        page.Request += (_, request) => Requests.Enqueue(request.Url);
    }

    public IPage Page { get; }

    /// <summary>Where the pages sent requests.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Errors of scripts, and violations of the Content-Security-Policy.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    public static async Task<ConsoleWindow> OpenAsync(IBrowserContext context)
    {
        var window = new ConsoleWindow(context, await context.NewPageAsync());
        await window.Page.GotoAsync("/console/");
        return window;
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true });

    /// <summary>The rows of the page's table.</summary>
    public ILocator Rows => Page.Locator("tbody tr");

    public ILocator Alert => Page.GetByRole(AriaRole.Alert);

    public async Task LogInAsync(string token)
    {
        await TryLogInAsync(token);
        await Heading("Overview").WaitForAsync();
    }

    public async Task TryLogInAsync(string token)
    {
        await Page.GetByLabel("Token").FillAsync(token);
        await Button("Log in").ClickAsync();
    }

    /// <summary>Opens a page by its address and waits until nothing is loading there.</summary>
    public async Task GoAsync(string path, string heading)
    {
        await Page.EvaluateAsync("path => { location.hash = '#/' + path }", path);
        await Heading(heading).WaitForAsync();
        await Assertions.Expect(Page.Locator("main [aria-busy]")).ToHaveCountAsync(0);
    }

    public Task FillAsync(string label, string text) => Page.GetByLabel(label, new() { Exact = true }).FillAsync(text);

    /// <summary>Presses a button that asks, and confirms.</summary>
    public async Task ConfirmAsync(string button)
    {
        await Button($"{button}…").ClickAsync();
        await Button(button).ClickAsync();
    }

    /// <summary>Waits until the audit log's last entry has a text.</summary>
    public async Task IsAuditedAsync(string text)
    {
        await GoAsync("audit", "Audit log");
        await Assertions.Expect(Rows.First).ToContainTextAsync(text);
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
