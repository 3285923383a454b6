using System.Text.RegularExpressions;

namespace KadOrleans.Tests.Deployment;

/// <summary>Links between documents lead somewhere, and so do references to documents from everything else.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", "node_modules", ".git", ".vs", ".idea"];

    private const int MostWords = 25;

    private static readonly IReadOnlyList<string> Files = [.. FilesBelow(Repository.Root).Select(f => Path.GetRelativePath(Repository.Root, f).Replace('\\', '/'))];

    private static readonly IReadOnlyDictionary<string, Document> Documents =
        Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal)).ToDictionary(f => f, Document.Read);

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
            from Match match in Page().Matches(Repository.Read(file))
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
    public void No_sentence_of_a_document_has_more_than_25_words() => AssertNone(
        from document in Documents.Values
        from sentence in document.Sentences
        let words = sentence.Split(' ').Count(word => word.Any(char.IsLetterOrDigit))
        where words > MostWords
        select $"{document.Path}, {words} words, {MostWords} are allowed: {sentence}");

    [Fact]
    public void Each_type_and_folder_that_the_map_names_exists()
    {
        var sources = Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal)).ToList();
        var words = sources.SelectMany(f => Word().Matches(Repository.Read(f)).Concat(Word().Matches(f))).Select(m => m.Value).ToHashSet();

        Assert.All(
            Documents["docs/architecture.md"].Codes.SelectMany(code => TypeName().Matches(code)).Select(m => m.Value),
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

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\b[A-Z][a-z]+(?:[A-Z][a-z0-9]*)+\b")]
    private static partial Regex TypeName();

    // 'docs/install.md', 'docs/install.md#memory', and in comments 'docs/install.md, Memory'.
    [GeneratedRegex(@"(?<![\w/])(?<page>docs/[\w/-]+\.md)(?:#(?<anchor>[\w-]+)|, (?<heading>[A-Z][a-z]+)[.:,])?")]
    private static partial Regex Page();
}

/// <summary>A Markdown file of the repository, without its blocks of code.</summary>
internal sealed partial class Document
{
    private readonly IReadOnlyList<string> _lines;

    private Document(string path, IReadOnlyList<string> lines)
    {
        Path = path;
        _lines = lines;
    }

    /// <summary>The path from the repository's root.</summary>
    public string Path { get; }

    /// <summary>The anchors that GitHub makes of the headings.</summary>
    public IEnumerable<string> Anchors => _lines.Select(l => Heading().Match(l)).Where(m => m.Success).Select(m => Anchor(m.Groups[1].Value));

    /// <summary>The targets of the links, as they are written.</summary>
    public IEnumerable<string> Links => Link().Matches(InlineCode().Replace(string.Join('\n', _lines), "code")).Select(m => m.Groups[2].Value);

    /// <summary>The pieces of code within lines, such as the names of types.</summary>
    public IEnumerable<string> Codes => _lines.SelectMany(l => InlineCode().Matches(l)).Select(m => m.Value.Trim('`'));

    /// <summary>The sentences of paragraphs and lists. Headings and tables have none; a piece of code is one word.</summary>
    public IEnumerable<string> Sentences =>
        Paragraphs().SelectMany(p => SentenceEnd().Split(Link().Replace(InlineCode().Replace(p, "Code"), "$1").Replace("*", "", StringComparison.Ordinal)));

    /// <summary>Reads a file, by its path from the repository's root.</summary>
    public static Document Read(string path)
    {
        var isCode = false;
        var lines = new List<string>();
        foreach (var line in Repository.Read(path).Split('\n').Select(l => l.Trim()))
        {
            var isFence = line.StartsWith("```", StringComparison.Ordinal);
            isCode ^= isFence;
            lines.Add(isCode || isFence ? "" : line);
        }

        return new Document(path, lines);
    }

    private static string Anchor(string heading) =>
        NoAnchor().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    private IEnumerable<string> Paragraphs()
    {
        var paragraph = new List<string>();
        foreach (var line in _lines.Append(""))
        {
            var item = Item().Match(line);
            if (line.Length == 0 || line[0] is '|' or '#' or '<' || item.Success)
            {
                yield return string.Join(' ', paragraph);
                paragraph.Clear();
            }

            if (item.Success || line.Length > 0 && line[0] is not ('|' or '#' or '<'))
            {
                paragraph.Add(line[item.Length..]);
            }
        }
    }

    [GeneratedRegex(@"^#+ (.*)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^(?:[-*]|\d+\.) +")]
    private static partial Regex Item();

    [GeneratedRegex(@"\[([^\]]*)\]\(([^)\s]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"(?<=[.?!][)”""]?)\s+(?=[A-Z“""(\d])")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
