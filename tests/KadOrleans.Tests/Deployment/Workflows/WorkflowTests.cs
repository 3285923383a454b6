namespace KadOrleans.Tests.Deployment;

/// <summary>The workflows of .github: what they name is there, and a release has what it promises. They are not run.</summary>
public sealed class WorkflowTests
{
    private static readonly Regex Named = new(@"[\w./-]+\.sh|[\w.-]+\.sln\b");

    private static readonly Dictionary<string, Dictionary<string, JsonNode>> Workflows = Directory
        .EnumerateFiles(Repository.Path(".github/workflows"), "*.yml")
        .ToDictionary(
            file => Path.GetFileNameWithoutExtension(file),
            file => Yaml.Documents(File.ReadAllText(file))[0].At("jobs")!.AsObject().ToDictionary(job => job.Key, job => job.Value!));

    private static IEnumerable<JsonNode> Steps => Workflows.Values.SelectMany(jobs => jobs.Values).SelectMany(job => job.Entries("steps"));

    private static IEnumerable<string> Commands => Steps.Select(step => step.Text("run")).OfType<string>();

    [Fact]
    public void Each_job_has_a_machine_steps_of_one_kind_and_jobs_to_wait_for_that_there_are() => Assert.All(
        Workflows.Values,
        jobs => Assert.All(jobs.Values, job =>
        {
            Assert.NotNull(job.At("runs-on"));
            Assert.NotEmpty(job.Entries("steps"));
            Assert.All(job.Entries("steps"), step => Assert.NotEqual(step.At("uses") is null, step.At("run") is null));
            Assert.Subset(jobs.Keys.ToHashSet(), job.Texts("needs").ToHashSet());
        }));

    // A tag may be moved to other code by whoever owns or takes over the action; the comment says which release a commit is.
    [Fact]
    public void Actions_are_commits_and_say_of_which_release() => Assert.All(
        Directory.EnumerateFiles(Repository.Path(".github/workflows"), "*.yml").SelectMany(File.ReadLines).Where(line => line.Contains("uses:", StringComparison.Ordinal)),
        line => Assert.Matches(@"^ +(- )?uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line));

    [Fact]
    public void A_release_installs_what_it_made_alone_and_not_where_it_is_made()
    {
        var jobs = Workflows["release"];
        var makes = jobs.Where(job => Has(job.Value, "dotnet pack")).Select(job => job.Key).ToList();
        var installs = jobs.Where(job => Has(job.Value, "dotnet tool install")).ToList();

        Assert.Equal(["packages"], makes);
        Assert.DoesNotMatch("apt-get|npm |curl |wget |git clone", Runs(jobs["packages"]));
        Assert.Equal("tool", Assert.Single(installs).Key);
        Assert.Contains("--source \"$PWD/packages\"", Runs(installs[0].Value), StringComparison.Ordinal);
        Assert.Contains("tool", jobs["release"].Texts("needs"));
        Assert.DoesNotContain("--add-source", string.Concat(Commands), StringComparison.Ordinal);

        static bool Has(JsonNode job, string command) => Runs(job).Contains(command, StringComparison.Ordinal);
        static string Runs(JsonNode job) => string.Join('\n', job.Entries("steps").Select(step => step.Text("run")));
    }

    // No job has a key of NuGet's that outlives it, and none but the job that pushes may ask for one.
    [Fact]
    public void A_release_pushes_by_its_own_identity_what_was_checked_attested_and_started()
    {
        var jobs = Workflows["release"];
        var push = Assert.Single(jobs, job => job.Value.Entries("steps").Any(step => step.Text("run")?.Contains("nuget push", StringComparison.Ordinal) == true));

        Assert.Equal(["attest", "images", "tool"], push.Value.Texts("needs").Order());
        Assert.Equal(("nuget", "write"), (push.Value.Text("environment"), push.Value.Text("permissions.id-token")));
        Assert.DoesNotContain("secrets.NUGET", File.ReadAllText(Repository.Path(".github/workflows/release.yml")), StringComparison.Ordinal);
        Assert.Contains(push.Value.Entries("steps"), step => step.Text("run")?.Contains("sha256sum --check", StringComparison.Ordinal) == true);
        Assert.DoesNotContain(push.Value.Entries("steps"), step => step.Text("uses")?.StartsWith("actions/checkout@", StringComparison.Ordinal) == true);
        Assert.All((string[])["attest", "images"], name =>
        {
            Assert.Equal(("write", "write"), (jobs[name].Text("permissions.attestations"), jobs[name].Text("permissions.id-token")));
            Assert.Contains(jobs[name].Entries("steps"), step => step.Text("uses")?.StartsWith("actions/attest@", StringComparison.Ordinal) == true);
        });
        Assert.Contains("attest", jobs["release"].Texts("needs"));
    }

    [Fact]
    public void Each_night_histories_of_clusters_and_a_node_are_judged_with_another_seed_and_kept_if_they_contradict()
    {
        var job = Workflows["nightly"]["histories"];
        var run = Assert.Single(job.Entries("steps"), step => step.Text("run")?.Contains("faults histories", StringComparison.Ordinal) == true).Text("run")!;
        var upload = Assert.Single(job.Entries("steps"), step => step.Text("uses")?.StartsWith("actions/upload-artifact@", StringComparison.Ordinal) == true);
        using var io = new KadOrleans.Cli.CommandIo(() => Stream.Null, Stream.Null, TextWriter.Null);
        var subjects = job.Entries("strategy.matrix.include").Select(subject =>
        {
            var line = run[run.IndexOf("histories", StringComparison.Ordinal)..]
                .Replace("${{ matrix.options }}", subject.Text("options"), StringComparison.Ordinal)
                .Replace("${{ github.run_number }}", "7", StringComparison.Ordinal);
            var parsed = FaultsCommand.Create(io).Parse(line);
            Assert.Empty(parsed.Errors);
            return new OptionReader(parsed);
        }).ToList();

        Assert.Equal(["node", "postgresql", "sqlite"], subjects.Select(options => options.Flag("--node") ? "node" : options.Text("--storage")).Order());
        Assert.All(subjects, options => Assert.Equal(("7", upload.Text("with.path")), (options.Text("--seed"), options.Text("--out"))));
        Assert.All(subjects, options => Assert.True(options.Integer("--faults", 0, 0, int.MaxValue) > 2 * HistoryOptions.Default.Faults));
        Assert.Equal("failure()", upload.Text("if"));
    }

    [Fact]
    public void What_commands_name_is_there()
    {
        var named = Commands.SelectMany(run => Named.Matches(run)).Select(match => match.Value).ToHashSet();
        Assert.Subset(named, new HashSet<string> { "./test.sh", "infra/kubernetes/try-in-kind.sh" });
        Assert.All(named, path => Assert.True(File.Exists(Repository.Path(path)), path));
    }

    [Fact]
    public void A_release_tests_packs_starts_the_tool_and_sums_up()
    {
        var runs = string.Join('\n', Commands);
        Assert.All(
            ["./test.sh --all", "dotnet pack", "dotnet tool install KadOrleans.Tool", "sha256sum", "gh release create"],
            command => Assert.Contains(command, runs, StringComparison.Ordinal));
        Assert.Contains(Steps, step => step.Text("uses")?.StartsWith("anchore/sbom-action@", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void A_release_builds_each_image_for_two_architectures_with_its_bill_of_materials()
    {
        var images = Workflows["release"]["images"];
        Assert.Equal(
            Directory.EnumerateFiles(Repository.Path("infra/docker"), "*.Dockerfile").Select(file => Path.GetFileName(file).Split('.')[0]).Order(),
            images.Texts("strategy.matrix.file").Order());
        Assert.Equal(["kad", "kad-server"], images.Entries("strategy.matrix.include").Select(image => image.Text("image")).Order());

        var build = images.Entries("steps").Single(step => step.Text("uses")?.StartsWith("docker/build-push-action@", StringComparison.Ordinal) == true);
        Assert.Equal(("linux/amd64,linux/arm64", "true"), (build.Text("with.platforms"), build.Text("with.sbom")));

        // The tag's number without its v, for what the image runs.
        Assert.Equal("VERSION=${{ steps.version.outputs.number }}", build.Text("with.build-args"));
        Assert.Equal("echo \"number=${VERSION#v}\" >> \"$GITHUB_OUTPUT\"", images.Entries("steps").Single(step => step.Text("id") == "version").Text("run"));
        Assert.DoesNotContain(images.Entries("steps"), step => step.Text("uses")?.Contains("qemu", StringComparison.Ordinal) == true);
    }
}
