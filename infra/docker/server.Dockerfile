# Build from the repository's root: docker build -f infra/docker/server.Dockerfile -t kad-server --build-arg VERSION=0.1.0 .
# Silos and edges run this image: Kad__Role says which.
# The SDK runs on the machine that builds, and compiles for the image's architecture: it does not run under an emulator.
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH
WORKDIR /source
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props .editorconfig ./
COPY docs/*.md docs/
COPY src src
ARG VERSION
RUN dotnet publish src/KadOrleans.Server.Full -c Release -a $TARGETARCH --no-self-contained -o /app -p:UseAppHost=false \
    ${VERSION:+-p:VersionPrefix=$VERSION}

# No shell, no package manager, no ICU: the project formats invariantly.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
ARG VERSION=0.0.0
LABEL org.opencontainers.image.title="kad-server" org.opencontainers.image.version="$VERSION"
# The address comes from Kad:Http alone, and configuration is read once: nothing watches files.
ENV ASPNETCORE_HTTP_PORTS= \
    DOTNET_hostBuilder__reloadConfigOnChange=false
WORKDIR /app
COPY --from=build /app .
EXPOSE 8080 8081 11111 30000 8468/udp
USER 1654
ENTRYPOINT ["dotnet", "kad-server-full.dll"]
