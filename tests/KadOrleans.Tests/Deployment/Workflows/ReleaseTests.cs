using System.Diagnostics;

namespace KadOrleans.Tests.Deployment;

/// <summary>
/// What makes a release of a clone, in a clone of the files that it changes, with a repository beside it that stands for the one on GitHub.
/// Packing is left to the script's command <c>try</c>.
/// </summary>
[Needs(Need.Git)]
public sealed class ReleaseTests : FolderTests
{
    private static readonly string[] Changed = ["infra", "docs", "src/*/PublicAPI.*.txt", "src/*/README.md", "*.md", "azure.yaml", "Directory.Build.props", "LICENSE"];

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private string Clone => Path.Combine(Folder, "clone");

    private string Origin => Path.Combine(Folder, "origin");

    [Fact]
    public async Task One_command_writes_the_version_everywhere_and_pushes_commit_and_tag()
    {
        await BeginAsync();
        var shown = Lines("src/KadOrleans.Client/PublicAPI.Unshipped.txt");

        Assert.Contains("Pushed v7.1.0", await DoneAsync("make", "7.1.0"), StringComparison.Ordinal);

        Assert.Equal(await GitAsync("rev-parse", "HEAD"), await GitAsync("rev-parse", "origin/main"));
        Assert.Equal(await GitAsync("rev-parse", "HEAD"), await GitAsync("--git-dir", Origin, "rev-parse", "v7.1.0^{commit}"));
        Assert.Equal("Release 7.1.0", await GitAsync("--git-dir", Origin, "log", "-1", "--format=%s", "main"));
        Assert.Contains("<VersionPrefix>7.1.0</VersionPrefix>", Read("Directory.Build.props"), StringComparison.Ordinal);
        Assert.Equal("template: kad-orleans@7.1.0", Regex.Match(Read("azure.yaml"), "template: .*").Value);
        Assert.Equal(
            ["SILO_IMAGE=registry.example.org/kad-server:7.1.0", "EDGE_IMAGE=registry.example.org/kad-server:7.1.0"],
            Lines("infra/kubernetes/overlays/postgres/parameters.env").Where(line => line.Contains("/kad", StringComparison.Ordinal)));
        Assert.Contains("ARG VERSION=0.0.0", Read("infra/docker/kad.Dockerfile"), StringComparison.Ordinal);
        Assert.Matches(@"^## 7\.1\.0 - \d{4}-\d\d-\d\d$", Headings()[0]);
        Assert.Equal(shown, Lines("src/KadOrleans.Client/PublicAPI.Shipped.txt"));
        Assert.All(Directory.GetFiles(Path.Combine(Clone, "src"), "PublicAPI.Unshipped.txt", SearchOption.AllDirectories), file =>
            Assert.Equal(["#nullable enable"], File.ReadAllLines(file)));
        await DoneAsync("check", "7.1.0");
    }

    [Fact]
    public async Task A_later_release_adds_what_is_unreleased_and_takes_away_what_was_removed()
    {
        await BeginAsync();
        await DoneAsync("make", "7.1.0");
        var shipped = Lines("src/KadOrleans.Client/PublicAPI.Shipped.txt");
        Write("CHANGELOG.md", Regex.Replace(Read("CHANGELOG.md"), "^## ", "## Unreleased\n\n### Added\n\n- More, [as here](docs/http.md).\n\n## ", RegexOptions.Multiline));
        Write("src/KadOrleans.Client/PublicAPI.Unshipped.txt", $"#nullable enable\n*REMOVED*{shipped[1]}\nKadOrleans.Client.New() -> void\n");
        await GitAsync("commit", "--quiet", "--all", "--message", "Add more");
        await GitAsync("push", "--quiet", "origin", "main");

        await DoneAsync("make", "7.2.0");

        Assert.Equal(["7.2.0", "7.1.0"], Headings().Take(2).Select(heading => heading.Split(' ')[1]));
        Assert.Equal(
            ["KadOrleans.Client.New() -> void", .. shipped.Skip(2)],
            Lines("src/KadOrleans.Client/PublicAPI.Shipped.txt").Skip(1).OrderBy(line => line != "KadOrleans.Client.New() -> void"));
        Assert.Equal("### Added\n\n- More, [as here](docs/http.md).", (await DoneAsync("notes", "7.2.0")).Trim());

        // On a page of its own a link leads to the tag's files.
        var notes = await RunAsync("bash", ["infra/release.sh", "notes", "7.2.0"], ("GITHUB_REPOSITORY", "me/kad"), ("GITHUB_SERVER_URL", "https://github.com"));
        Assert.Contains("[as here](https://github.com/me/kad/blob/v7.2.0/docs/http.md)", notes.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_that_origin_refuses_leaves_the_clone_as_it_was()
    {
        await BeginAsync();
        var before = await GitAsync("rev-parse", "HEAD");
        var hook = Path.Combine(Origin, "hooks", "pre-receive");
        await File.WriteAllTextAsync(hook, "#!/bin/sh\nexit 1\n", TestContext.Current.CancellationToken);
        await EndedAsync(0, "chmod", ["+x", hook]);

        Assert.Contains("Nothing was pushed, and this clone is as before.", await RefusedAsync("make", "7.1.0"), StringComparison.Ordinal);

        Assert.Equal((before, string.Empty, string.Empty), (await GitAsync("rev-parse", "HEAD"), await GitAsync("tag"), await GitAsync("status", "--porcelain")));
    }

    [Theory]
    [InlineData("a change", "The clone has changes that are not committed.")]
    [InlineData("a branch", "This is branch 'other'; a release is made of main.")]
    [InlineData("a commit", "main is not what origin has: pull or push first.")]
    [InlineData("a tag", "The tag v7.1.0 is there already.")]
    [InlineData("a heading", "The first heading of CHANGELOG.md is '## 6.0.0 - 2020-01-01'; '## Unreleased' or '## 7.1.0' is needed")]
    public async Task A_release_is_made_of_what_origin_has_on_main_alone(string what, string sentence)
    {
        await BeginAsync(what == "a heading" ? "## 6.0.0 - 2020-01-01" : "## Unreleased");
        switch (what)
        {
            case "a change":
                Write("LICENSE", "another");
                break;
            case "a branch":
                await GitAsync("checkout", "--quiet", "-b", "other");
                break;
            case "a commit":
                await GitAsync("commit", "--quiet", "--allow-empty", "--message", "Not pushed");
                break;
            case "a tag":
                await GitAsync("tag", "v7.1.0");
                break;
        }

        Assert.Contains(sentence, await RefusedAsync("make", "7.1.0"), StringComparison.Ordinal);
        Assert.Empty(await GitAsync("--git-dir", Origin, "tag"));
    }

    [Theory]
    [InlineData("7.1", "'7.1' is no version; three numbers are needed, such as 0.1.0.")]
    [InlineData("v7.1.0", "'v7.1.0' is no version")]
    public async Task A_version_has_three_numbers(string version, string sentence)
    {
        await BeginAsync();
        Assert.Contains(sentence, await RefusedAsync("check", version), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_names_all_that_a_release_lacks()
    {
        await BeginAsync();

        var says = await RefusedAsync("check", "7.1.0");

        Assert.All(
            ["infra/release.sh prepare 7.1.0", "Directory.Build.props has VersionPrefix", "Another version is named:", "'## Unreleased'", "says nothing of 7.1.0",
                "src/KadOrleans.Core/PublicAPI.Unshipped.txt is not empty."],
            sentence => Assert.Contains(sentence, says, StringComparison.Ordinal));
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public async Task The_archive_has_manifests_and_a_compose_file_that_name_the_releases_images_and_build_none()
    {
        await BeginAsync();
        await DoneAsync("manifests", "7.1.0", "--registry", "Registry.Example.org/Me", "--output", Path.Combine(Folder, "out"));
        await RunAsync("tar", ["-xzf", Path.Combine(Folder, "out", "kadorleans-7.1.0.tar.gz"), "-C", Folder]);
        var root = Path.Combine(Folder, "kadorleans-7.1.0");

        var (made, ours) = (Yaml.Documents(File.ReadAllText(Path.Combine(root, "infra/docker/compose.yaml")))[0], Compose());
        Assert.Equal(ours.At("services")!.AsObject().Select(service => service.Key), made.At("services")!.AsObject().Select(service => service.Key));
        Assert.All(made.At("services")!.AsObject(), service =>
        {
            var image = ours.Text($"services.{service.Key}.image")!;
            Assert.Equal(image.StartsWith("kad", StringComparison.Ordinal) ? $"registry.example.org/me/{image}:7.1.0" : image, service.Value!.Text("image"));
            Assert.Null(service.Value!.At("build"));
            Assert.Equal(ours.At($"services.{service.Key}.environment")?.ToJsonString(), service.Value!.At("environment")?.ToJsonString());
        });
        Assert.True(File.Exists(Path.Combine(root, "infra/postgresql/schema.sql")));
        var rendered = Kubectl.Kustomize(Path.Combine(root, "infra/kubernetes/overlays/postgres"));
        Assert.Equal(2, Regex.Count(rendered, @"(?m)image: registry\.example\.org/me/kad-server:7\.1\.0$"));

        static JsonNode Compose() => Yaml.Documents(Repository.Read("infra/docker/compose.yaml"))[0];
    }

    // Until a release is made the first heading has no date; those of releases have one, the newest first.
    [Fact]
    public void The_changelog_begins_with_what_is_not_released_or_with_the_newest_release()
    {
        var headings = File.ReadLines(Repository.Path("CHANGELOG.md")).Where(line => line.StartsWith("## ", StringComparison.Ordinal)).ToList();
        Assert.Matches($@"^## (Unreleased|{Regex.Escape(NewProgram.Version)}( - \d{{4}}-\d\d-\d\d)?)$", headings[0]);
        Assert.All(headings.Skip(1), heading => Assert.Matches(@"^## \d+\.\d+\.\d+ - \d{4}-\d\d-\d\d$", heading));
        var versions = headings.Where(heading => heading != "## Unreleased").Select(heading => Version.Parse(heading.Split(' ')[1])).ToList();
        Assert.Equal(versions.OrderDescending(), versions);
    }

    [Fact]
    public async Task Each_file_that_names_a_version_names_that_of_this_build()
    {
        await BeginAsync();
        Write("CHANGELOG.md", $"# Changelog\n\n## {NewProgram.Version}\n\nAll of it.\n");
        await DoneAsync("prepare", NewProgram.Version);

        var changed = (await GitAsync("status", "--porcelain")).Split('\n').Select(line => line.Trim().Split(' ')[^1]);
        Assert.All(changed, file => Assert.Matches(@"^(CHANGELOG\.md|src/[\w.]+/PublicAPI\.(Shipped|Unshipped)\.txt)$", file));
    }

    private async Task BeginAsync(string heading = "## Unreleased")
    {
        foreach (var file in Changed.SelectMany(Found))
        {
            var copy = Path.Combine(Clone, Path.GetRelativePath(Repository.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        Write("CHANGELOG.md", $"# Changelog\n\n{heading}\n\n### Added\n\n- All of it.\n");
        await GitAsync("init", "--quiet", "--bare", "--initial-branch", "main", Origin);
        await GitAsync("init", "--quiet", "--initial-branch", "main");
        await GitAsync("config", "user.name", "Somebody");
        await GitAsync("config", "user.email", "somebody@example.org");
        await GitAsync("add", "--all");
        await GitAsync("commit", "--quiet", "--message", "Begin");
        await GitAsync("remote", "add", "origin", Origin);
        await GitAsync("push", "--quiet", "origin", "main");

        // A folder with all in it, or files of one folder or of each folder.
        static IEnumerable<string> Found(string pattern) =>
            Directory.Exists(Repository.Path(pattern)) ? Directory.EnumerateFiles(Repository.Path(pattern), "*", SearchOption.AllDirectories)
            : pattern.Split("/*/") is [var folder, var name] ? Directory.EnumerateDirectories(Repository.Path(folder)).SelectMany(each => Directory.EnumerateFiles(each, name))
            : Directory.EnumerateFiles(Repository.Root, pattern);
    }

    private string Read(string file) => File.ReadAllText(Path.Combine(Clone, file));

    private string[] Lines(string file) => File.ReadAllLines(Path.Combine(Clone, file));

    private string[] Headings() => [.. Lines("CHANGELOG.md").Where(line => line.StartsWith("## ", StringComparison.Ordinal))];

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(Clone, file), text);

    private async Task<string> GitAsync(params string[] arguments) => (await EndedAsync(0, "git", arguments)).Trim();

    private Task<string> DoneAsync(params string[] arguments) => EndedAsync(0, "bash", ["infra/release.sh", .. arguments]);

    private Task<string> RefusedAsync(params string[] arguments) => EndedAsync(1, "bash", ["infra/release.sh", .. arguments]);

    private async Task<string> EndedAsync(int code, string program, string[] arguments)
    {
        var (exitCode, output) = await RunAsync(program, arguments);
        Assert.True(exitCode == code, $"{program} {string.Join(' ', arguments)} ended with {exitCode}: {output}");
        return output;
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        Directory.CreateDirectory(Clone);
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Clone, RedirectStandardOutput = true, RedirectStandardError = true };

        // A workflow that runs the tests has them.
        start.Environment.Remove("GITHUB_REPOSITORY");
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Longest);
        return (process.ExitCode, await output + await errors);
    }
}
