namespace KadOrleans.Tests.Deployment;

/// <summary>Links between documents lead somewhere, and so do references to documents from everything else.</summary>
public sealed class DocumentTests
{
    private static readonly Regex Word = new(@"\w+");
    private static readonly Regex TypeName = new(@"\b[A-Z][a-z]+(?:[A-Z][a-z0-9]*)+\b");

    // 'docs/install.md', 'docs/install.md#memory', and in comments 'docs/install.md, Memory'.
    private static readonly Regex Page = new(@"(?<![\w/])(?<page>docs/[\w/-]+\.md)(?:#(?<anchor>[\w-]+)|, (?<heading>[A-Z][a-z]+)[.:,])?");

    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", "node_modules", ".git", ".vs", ".idea"];

    private static readonly IReadOnlyList<string> Files = [.. FilesBelow(Repository.Root).Select(f => Path.GetRelativePath(Repository.Root, f).Replace('\\', '/'))];

    private static readonly IReadOnlyDictionary<string, Document> Documents =
        Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal)).ToDictionary(f => f, f => new Document(f));

    [Fact]
    public void Each_link_leads_to_a_file_or_a_heading_that_exists()
    {
        var broken =
            from document in Documents.Values
            from link in document.Links
            where !link.Contains("://", StringComparison.Ordinal)
            let parts = link.Split('#', 2)
            let file = parts[0].Length == 0 ? document.Path : Resolve(document.Path, parts[0])
            where !Exists(file, parts.ElementAtOrDefault(1))
            select $"{document.Path}: {link}";

        AssertNone(broken);
    }

    [Fact]
    public void Each_page_that_a_source_or_manifest_names_exists_and_has_the_heading()
    {
        var broken =
            from file in Files
            where Path.GetExtension(file) is ".cs" or ".csproj" or ".yaml" or ".env" or ".sh" or ".bicep" or ".md"
            from Match match in Page.Matches(Repository.Read(file))
            let anchor = match.Groups["anchor"].Success ? match.Groups["anchor"].Value : match.Groups["heading"].Value.ToLowerInvariant()
            where !Exists(match.Groups["page"].Value, anchor.Length == 0 ? null : anchor)
            select $"{file}: {match.Value}";

        AssertNone(broken);
    }

    [Fact]
    public void Each_page_is_linked_from_another()
    {
        var linked = Documents.Values
            .SelectMany(d => d.Links.Select(l => Resolve(d.Path, l.Split('#')[0])).Where(l => l != d.Path))
            .ToHashSet();

        Assert.All(
            Documents.Keys.Where(d => d.StartsWith("docs/", StringComparison.Ordinal)),
            d => Assert.True(linked.Contains(d) || linked.Contains(FolderOf(d)), $"No page links to {d}."));
    }

    [Fact]
    public void Each_type_and_folder_that_the_map_names_exists()
    {
        var sources = Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal)).ToList();
        var words = sources.SelectMany(f => Word.Matches(Repository.Read(f)).Concat(Word.Matches(f))).Select(m => m.Value).ToHashSet();

        Assert.All(
            Documents["docs/architecture.md"].Codes.SelectMany(code => TypeName.Matches(code)).Select(m => m.Value),
            name => Assert.Contains(name, words));
    }

    private static void AssertNone(IEnumerable<string> problems)
    {
        var sentences = problems.ToList();
        Assert.True(sentences.Count == 0, string.Join(Environment.NewLine, sentences));
    }

    private static bool Exists(string file, string? anchor) => anchor is null
        ? File.Exists(Repository.Path(file)) || Directory.Exists(Repository.Path(file))
        : Documents.TryGetValue(file, out var document) && document.Anchors.Contains(anchor);

    private static string Resolve(string from, string link) =>
        Path.GetRelativePath(Repository.Root, Repository.Path(Path.Combine(FolderOf(from), link))).Replace('\\', '/');

    private static string FolderOf(string file) => Path.GetDirectoryName(file)!.Replace('\\', '/');

    private static IEnumerable<string> FilesBelow(string folder) => Directory.EnumerateFiles(folder)
        .Concat(Directory.EnumerateDirectories(folder).Where(d => !NotOurs.Contains(Path.GetFileName(d))).SelectMany(FilesBelow));
}

/// <summary>A Markdown file of the repository, without its blocks of code.</summary>
internal sealed class Document(string path)
{
    private static readonly Regex Block = new(@"^ *```.*?^ *```[^\n]*$", RegexOptions.Multiline | RegexOptions.Singleline);
    private static readonly Regex Heading = new(@"^ *#+ (.*)$", RegexOptions.Multiline);
    private static readonly Regex Link = new(@"\[([^\]]*)\]\(([^)\s]*)\)");
    private static readonly Regex InlineCode = new("`[^`\\n]*`");
    private static readonly Regex NoAnchor = new(@"[^\w\- ]");

    private readonly string _text = Block.Replace(Repository.Read(path), "\n");

    /// <summary>The path from the repository's root.</summary>
    public string Path { get; } = path;

    /// <summary>The anchors that GitHub makes of the headings.</summary>
    public IEnumerable<string> Anchors => Heading.Matches(_text)
        .Select(m => NoAnchor.Replace(m.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    /// <summary>The targets of the links, as they are written.</summary>
    public IEnumerable<string> Links => Link.Matches(InlineCode.Replace(_text, "code")).Select(m => m.Groups[2].Value);

    /// <summary>The pieces of code within lines, such as the names of types.</summary>
    public IEnumerable<string> Codes => InlineCode.Matches(_text).Select(m => m.Value.Trim('`'));
}
