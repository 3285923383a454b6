using System.Text;
using System.Text.RegularExpressions;

namespace KadOrleans.Lab;

/// <summary>A block of code of a Markdown file, by its path from the root and the line where it begins, from 1.</summary>
public sealed partial record Snippet(string Document, int Line, IReadOnlyList<string> Lines)
{
    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", "node_modules", ".git"];

    public bool IsAppHost => Lines.Any(line => line.Contains("DistributedApplication.", StringComparison.Ordinal));

    /// <summary>Whether it is a whole program, whose types are seen from outside.</summary>
    public bool IsProgram => Lines.Any(line => Regex.IsMatch(line, @"^(public|internal) .*\b(class|interface|record|struct|enum)\b"));

    public static IEnumerable<Snippet> Of(string document, params IEnumerable<string> languages)
    {
        var (lines, start) = (Repository.Read(document).Split('\n'), -1);
        for (var i = 0; i < lines.Length; i++)
        {
            if (Fence().Match(lines[i]) is not { Success: true } fence)
            {
                continue;
            }

            if (start >= 0)
            {
                yield return new Snippet(document, start + 1, lines[start..i]);
                start = -1;
            }
            else if (languages.Contains(fence.Groups[1].Value))
            {
                start = i + 1;
            }
            else
            {
                i = Array.FindIndex(lines, i + 1, line => Fence().IsMatch(line));
            }
        }
    }

    public static IEnumerable<Snippet> OfAll(params IEnumerable<string> languages) => DocumentsBelow(Repository.Root)
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)
        .SelectMany(document => Of(document, languages));

    private static IEnumerable<string> DocumentsBelow(string folder) => Directory.EnumerateFiles(folder, "*.md")
        .Concat(Directory.EnumerateDirectories(folder).Where(d => !NotOurs.Contains(Path.GetFileName(d))).SelectMany(DocumentsBelow));

    [GeneratedRegex(@"^\s*```(\w*)\s*$")]
    private static partial Regex Fence();
}

/// <summary>
/// A library of a reader, with each C# block of the documents as a method, and the block's types beside it. It refers to the product's
/// assemblies beside the test, and has the implicit usings of a new project. Blocks get the given usings where they have none, and the
/// given variables.
/// </summary>
public sealed class SnippetProgram(IEnumerable<string> usings, IReadOnlyDictionary<string, string> givens)
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <Nullable>enable</Nullable>
          </PropertyGroup>
          <ItemGroup>
            <FrameworkReference Include="Microsoft.AspNetCore.App" />
            <Reference Include="{0}KadOrleans.*.dll;{0}kad-server*.dll;{0}Orleans.*.dll;{0}OpenTelemetry*.dll;{0}Aspire.Hosting*.dll" Exclude="{0}KadOrleans.*Test*.dll" />
          </ItemGroup>
        </Project>
        """;

    /// <returns>The compiler's errors, each with document and line; empty if there are none.</returns>
    public async Task<IReadOnlyList<string>> BuildAsync(IReadOnlyList<Snippet> snippets)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["Snippets.csproj"], Project.Replace("{0}", AppContext.BaseDirectory, StringComparison.Ordinal));
        foreach (var (number, snippet) in snippets.Index())
        {
            File.WriteAllText(folder[$"Snippet{number}.cs"], Complete(snippet, number));
        }

        var (exitCode, output) = await Sdk.RunAsync("dotnet", folder.Path, "build", "--nologo", "-v", "q");
        var errors = output.Split('\n').Where(line => line.Contains(": error ", StringComparison.Ordinal)).Distinct().ToList();
        return exitCode == 0 || errors.Count > 0 ? errors : [output];
    }

    private string Complete(Snippet snippet, int number)
    {
        var (source, code) = (new StringBuilder(), string.Join('\n', snippet.Lines));
        var own = snippet.Lines.TakeWhile(line => line.Length == 0 || IsUsing(line)).Count();
        var statements = snippet.Lines.TakeWhile(line => !BeginsType(line)).Count();
        source.AppendLine(own > 0 ? Located(snippet, 0, own) : string.Concat(usings.Select(name => $"using {name};\n")));
        var variables = givens.Where(given => !Regex.IsMatch(code, $@"\bvar {given.Key}\b")).Select(given => $"{given.Value} {given.Key}");
        return source
            .AppendLine($"static partial class Snippet{number}")
            .AppendLine("{")
            .AppendLine($"static async Task RunAsync({string.Join(", ", variables)})")
            .AppendLine("{")
            .AppendLine(Located(snippet, own, statements))
            .AppendLine("#line hidden")
            .AppendLine("await Task.CompletedTask;")
            .AppendLine("}")
            .AppendLine(Located(snippet, statements, snippet.Lines.Count))
            .AppendLine("}")
            .ToString();
    }

    private static bool IsUsing(string line) => Regex.IsMatch(line, @"^using [\w.]+;");

    // A program's own types come after its statements.
    private static bool BeginsType(string line) => Regex.IsMatch(line, @"^(\[|((sealed|partial|static) )*(class|interface|record|struct|enum) )");

    private static string Located(Snippet snippet, int from, int to) =>
        $"#line {snippet.Line + from} \"{snippet.Document}\"\n{string.Join('\n', snippet.Lines.Take(to).Skip(from))}";
}
