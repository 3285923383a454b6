# Build from the repository's root: docker build -f infra/docker/server.Dockerfile -t kad-server --build-arg VERSION=0.1.0 .
# Silos and edges run this image: Kad__Role says which.
# The SDK runs on the machine that builds, and compiles for the image's architecture: it does not run under an emulator.
# Digests of 10.0.11, as github.com/dotnet/versions lists them, for all architectures; a tag may come to mean another image.
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0@sha256:e1ffd2a92ae84c1291bc1b6887501f8af98e6331e7af6d4c8d37168c5e87a64c AS build
ARG TARGETARCH
WORKDIR /source
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props .editorconfig ./
COPY docs/*.md docs/
COPY infra/postgresql/schema.sql infra/postgresql/
COPY src src
ARG VERSION
RUN dotnet publish src/KadOrleans.Server -c Release -a $TARGETARCH --no-self-contained -o /app -p:UseAppHost=false \
    ${VERSION:+-p:VersionPrefix=$VERSION}

# No shell, no package manager, no ICU: the project formats invariantly.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled@sha256:0839314d08bb65da369135389a5d8291f75ace587fbb0488f469eb92c62eef68
ARG VERSION=0.0.0
LABEL org.opencontainers.image.title="kad-server" org.opencontainers.image.version="$VERSION"
# The address comes from Kad:Http alone, and configuration is read once: nothing watches files.
ENV ASPNETCORE_HTTP_PORTS= \
    DOTNET_hostBuilder__reloadConfigOnChange=false
WORKDIR /app
COPY --from=build /app .
EXPOSE 8080 8081 11111 30000 8468/udp
USER 1654
ENTRYPOINT ["dotnet", "kad-server.dll"]
