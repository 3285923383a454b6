using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Renderers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace KadOrleans.Http;

// The pages of docs/, of this very build, so that an alarm's runbook is at hand where no other site can be reached. They need no session, as
// they say what the product's documentation says. Sections have GitHub's names. Links to files that are not served are text.
internal sealed class ManualPages
{
    private const string Folder = "docs/";

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UseAutoIdentifiers(AutoIdentifierOptions.GitHub).UsePipeTables().DisableHtml().Build();

    private readonly ConcurrentDictionary<string, FixedContent> _pages = new();

    /// <summary>The response to a request for a page, by its name without <c>.md</c>.</summary>
    public IResult Respond(string page, HttpContext context)
    {
        var name = $"{Folder}{page}.md";
        if (_pages.TryGetValue(name, out var known))
        {
            return known.Respond(context);
        }

        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name);
        return stream is null
            ? ApiProblem.Create(
                StatusCodes.Status404NotFound, $"There is no page {VisibleText.Excerpt(page)}.md here; {ConsoleHosting.Root}/docs/runbook.md is one.")
            : _pages.GetOrAdd(name, _ => Read(stream)).Respond(context);
    }

    private static FixedContent Read(Stream stream)
    {
        using var reader = new StreamReader(stream);
        return FixedContent.Of(Encoding.UTF8.GetBytes(Render(reader.ReadToEnd())), "text/html; charset=utf-8");
    }

    private static string Render(string text)
    {
        var document = Markdown.Parse(text, Pipeline);
        var title = document.OfType<HeadingBlock>().FirstOrDefault()?.Inline is { } heading
            ? string.Concat(heading.Descendants<LiteralInline>())
            : "KadOrleans";
        foreach (var link in document.Descendants<LinkInline>().Where(link => !IsServed(link)).ToList())
        {
            link.ReplaceBy(new ContainerInline(), copyChildren: true);
        }

        using var body = new StringWriter();
        var renderer = new HtmlRenderer(body);
        Pipeline.Setup(renderer);
        renderer.Render(document);
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{WebUtility.HtmlEncode(title)} · KadOrleans</title>
            <link rel="icon" href="../icon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="../console.css">
            </head>
            <body>
            <a class="skip" href="#main">Skip to the content</a>
            <header class="top">
            <a class="brand" href="../"><img src="../icon.svg" alt="" width="24" height="24">KadOrleans</a><a href="../">Back to the console</a>
            </header>
            <main id="main" class="manual">
            {body}
            </main>
            </body>
            </html>
            """;
    }

    private static bool IsServed(LinkInline link) => link switch
    {
        { IsImage: true } => false,
        { Url: { } url } when url.StartsWith('#') || Uri.IsWellFormedUriString(url, UriKind.Absolute) => true,
        { Url: { } url } => Assembly.GetExecutingAssembly().GetManifestResourceInfo(Folder + url.Split('#')[0]) is not null,
        _ => false,
    };
}
